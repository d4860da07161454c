const HELP = `Rivulet's command line: npx rivulet COMMAND

  generate   write the files of a new domain, event, command or projection
  reseal     seal every secret under the present MASTER_KEY

npx rivulet COMMAND --help says more of each.

Exit codes: 0 done; 1 refused, and nothing was changed; 2 not understood.`;

/** The commands, each loaded when it is asked for; they take what stands behind their name and give the exit code. */
const COMMANDS: Readonly<Record<string, () => Promise<(args: readonly string[]) => Promise<number>>>> = {
  generate: async () => (await import("./generate/generate.ts")).generate,
  reseal: async () => (await import("./reseal.ts")).reseal,
};

/** Runs a command line, given without node and file, and gives the exit code. */
export async function rivulet([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined || name === "--help" || name === "-h") {
    console.log(HELP);
    return name === undefined ? 2 : 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    console.error(`rivulet: expected one of ${Object.keys(COMMANDS).join(", ")}, got ${name}. See npx rivulet --help.`);
    return 2;
  }
  return (await command())(args);
}
