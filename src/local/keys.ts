import { randomBytes } from "node:crypto";
import { chmod, link, readFile, rm, writeFile } from "node:fs/promises";
import { parseEnv } from "node:util";

/** The keys that the platform needs to start. */
const NAMES = ["ADMIN_KEY", "MASTER_KEY"] as const;
type KeyName = (typeof NAMES)[number];

type Variables = Readonly<Record<string, string | undefined>>;

export interface Keys {
  readonly values: Readonly<Record<KeyName, string>>;
  /** Those that were made just now. */
  readonly made: readonly KeyName[];
}

/** Takes the keys from the environment, else from the file, else makes random ones and adds them to the file. */
export async function keys(environment: Variables, file: string): Promise<Keys> {
  const lacking = missing(environment, await readVariables(file));
  const made = lacking.length > 0 && (await add(lacking, file)) ? lacking : [];
  const kept = await readVariables(file);
  const values = Object.fromEntries(NAMES.map((name) => [name, environment[name] || kept[name] || ""])) as Keys["values"];
  return { values, made };
}

/** The variables in a file of lines `NAME=value`; none where there is no such file. */
export async function readVariables(file: string): Promise<Variables> {
  return parseEnv((await readText(file)) ?? "");
}

/** An empty value counts as none: a deployment without a key would answer nobody. */
function missing(environment: Variables, kept: Variables): readonly KeyName[] {
  return NAMES.filter((name) => !environment[name] && !kept[name]);
}

/** False where another start, at the same moment, has made the file first: its keys are then the ones. */
async function add(names: readonly KeyName[], file: string): Promise<boolean> {
  const lines = names.map((name) => `${name}=${randomBytes(32).toString("base64url")}\n`).join("");
  const before = await readText(file);
  const text = before === undefined || before === "" || before.endsWith("\n") ? lines : `\n${lines}`;
  if (before !== undefined) {
    await writeFile(file, text, { flag: "a" });
    await chmod(file, 0o600);
    return true;
  }
  // Written aside and linked, so that the file appears whole, and only once.
  const aside = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    await writeFile(aside, text, { mode: 0o600 });
    await link(aside, file);
    return true;
  } catch (fault) {
    if (codeOf(fault) === "EEXIST") return false;
    throw fault;
  } finally {
    await rm(aside, { force: true });
  }
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (fault) {
    if (codeOf(fault) === "ENOENT") return undefined;
    throw fault;
  }
}

function codeOf(fault: unknown): unknown {
  return (fault as NodeJS.ErrnoException).code;
}
