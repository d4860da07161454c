import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";

const ID = /^[0-9a-f]{64}$/;

/** Ids of the objects in a local state folder: each object is a file that is named by its id. */
export async function localObjectIds(stateDir: string): Promise<readonly string[]> {
  const folder = join(stateDir, "v3/do/rivulet-Aggregate");
  const files = await readdir(folder).catch((fault: NodeJS.ErrnoException) => {
    if (fault.code === "ENOENT") throw new Error(`expected the objects' files in ${folder}, got no such folder. Say where the state is by STATE_DIR.`);
    throw fault;
  });
  return files.map((name) => name.replace(/\.sqlite$/, "")).filter((name) => ID.test(name));
}

/** Ids from a file, one a line; `-` is standard input. */
export async function objectIdsFrom(file: string): Promise<readonly string[]> {
  const lines = (file === "-" ? await text(process.stdin) : await textOf(file)).split("\n").map((line) => line.trim());
  const wrong = lines.find((line) => line !== "" && !ID.test(line));
  if (wrong !== undefined) throw new Error(`expected an object's id (64 hexadecimal digits) on each line of ${file}, got "${wrong}"`);
  return lines.filter((line) => line !== "");
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (fault) {
    throw new Error(`expected a file of objects' ids at ${file}, got ${(fault as NodeJS.ErrnoException).code ?? String(fault)}`, { cause: fault });
  }
}

/** What Cloudflare's API wants to know. */
export interface NamespaceAccess {
  readonly api: string;
  readonly account: string;
  readonly namespace: string;
  readonly token: string;
}

/**
 * Ids of a deployment's objects, page by page, from Cloudflare's API
 * (https://developers.cloudflare.com/api/resources/durable_objects/subresources/namespaces/subresources/objects/methods/list/).
 */
export async function* deployedObjectIds({ api, account, namespace, token }: NamespaceAccess): AsyncGenerator<string> {
  for (let cursor = ""; ;) {
    const query = `limit=1000${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
    const response = await fetch(`${api}/accounts/${account}/workers/durable_objects/namespaces/${namespace}/objects?${query}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const answer = (await response.json().catch(() => ({}))) as {
      success?: boolean;
      errors?: readonly { message: string }[];
      result?: readonly { id: string; hasStoredData?: boolean }[];
      result_info?: { cursor?: string };
    };
    if (!response.ok || answer.success !== true) {
      throw new Error(
        `expected Cloudflare to list the objects, got ${response.status} ${answer.errors?.map(({ message }) => message).join("; ") ?? ""}`.trim(),
      );
    }
    for (const { id, hasStoredData } of answer.result ?? []) if (hasStoredData !== false) yield id;
    const next = answer.result_info?.cursor;
    if (!next || next === cursor) return;
    cursor = next;
  }
}
