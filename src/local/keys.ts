import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { appendFile, readFile } from "node:fs/promises";

/** The keys that the platform needs to start. */
const NAMES = ["ADMIN_KEY", "MASTER_KEY"] as const;

export interface Keys {
  readonly values: Readonly<Record<(typeof NAMES)[number], string>>;
  /** Those that were made just now. */
  readonly made: readonly string[];
}

/** Takes the keys from the environment, else from the file, else makes random ones and adds them to the file. */
export async function keys(environment: Readonly<Record<string, string | undefined>>, file: string): Promise<Keys> {
  const kept = existsSync(file) ? parse(await readFile(file, "utf8")) : {};
  const values: Record<string, string> = {};
  const made: string[] = [];
  for (const name of NAMES) {
    const known = environment[name] || kept[name];
    values[name] = known ?? randomBytes(32).toString("base64url");
    if (known === undefined) made.push(name);
  }
  if (made.length > 0) await appendFile(file, made.map((name) => `${name}=${values[name]}\n`).join(""), { mode: 0o600 });
  return { values: values as Keys["values"], made };
}

function parse(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/^\s*(?:export\s+)?([A-Z_]+)\s*=\s*(?:"(.*)"|'(.*)'|(.*?))\s*$/gm)];
  return Object.fromEntries(pairs.map(([, name, ...values]) => [name, values.find((value) => value !== undefined) ?? ""]));
}
