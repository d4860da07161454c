import { parseArgs, type ParseArgsOptionsConfig } from "node:util";

/** The flags of a command line. Throws a sentence that names where help is, such as `npm run demo -- --help`, where they are not understood. */
export function flagsOf<const Options extends ParseArgsOptionsConfig>(
  options: Options,
  help: string,
  args: readonly string[] = process.argv.slice(2),
): ReturnType<typeof parseArgs<{ args: string[]; options: Options }>>["values"] {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (fault) {
    throw new Error(misread(fault, help), { cause: fault });
  }
}

/** What `parseArgs` did not understand, and where help is; its advice on arguments that begin with a dash, of which there are none, is left out. */
export function misread(fault: unknown, help: string): string {
  const [what = ""] = (fault as Error).message.split(". To specify");
  return `${what.replace(/\.?$/, ".")} See ${help}.`;
}
