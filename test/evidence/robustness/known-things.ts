import type { Client } from "./client.ts";
import type { Operation } from "./description.ts";

/** Names of things that are there, by the path up to the parameter that names them: what the list at the path before it tells. */
export async function knownThings(client: Client, key: string, operations: readonly Operation[]): Promise<Readonly<Record<string, readonly string[]>>> {
  const paths = new Set(operations.flatMap(({ path }) => [...path.matchAll(/\{\w+\}/g)].map(({ index, 0: name }) => path.slice(0, index + name.length))));
  const lists = operations.filter(({ method, path }) => method === "GET" && !path.includes("{"));
  const found = await Promise.all(
    [...paths].map(async (path) => {
      const list = lists.find((operation) => `${operation.path}/` === path.slice(0, path.lastIndexOf("{")));
      return [path, list === undefined ? [] : await namesIn(client, key, { path: list.path, member: path.slice(path.lastIndexOf("{") + 1, -1) })] as const;
    }),
  );
  return Object.fromEntries(found);
}

interface List {
  readonly path: string;
  readonly member: string;
}

/** Enough to have some left where others are taken away. */
const SOME = 3;

/** The tenant that everything is asked for: nothing may take it away. */
const OURS = "default";

async function namesIn(client: Client, key: string, { path, member }: List): Promise<readonly string[]> {
  const { status, text } = await client.send({ method: "GET", target: path, headers: { authorization: `Bearer ${key}` } });
  if (status !== 200) return [];
  const { items = [] } = JSON.parse(text) as { items?: readonly Readonly<Record<string, unknown>>[] };
  const names = items.map((item) => item[member]).filter((name): name is string => typeof name === "string" && name !== OURS);
  return names.slice(0, SOME);
}
