import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { checkHistory } from "./check-history.ts";
import type { FinalState } from "./final-state.ts";
import { readEntries } from "./history.ts";
import { readFinalState } from "./read-final-state.ts";

const HELP = `Checks a recorded run against what it left: node src/testing/history/main.ts <command>

  final                reads streams, log and views of a server over HTTP and prints them as JSON, when nobody appends any more
  check HISTORY FINAL  holds a history (NDJSON of the recorder) against such a file, a violation a line

  --others-append      somebody beside the history's clients appended too

Settings come from the environment:
  RIVULET_URL, ADMIN_KEY, TENANT  the server for final (http://127.0.0.1:8787), its key and the key's tenant (default)

Exit codes: 0 all is as promised; 1 there are violations; 2 it could not be found out.`;

async function main(): Promise<number> {
  const { positionals, values: flags } = parseArgs({
    allowPositionals: true,
    options: { help: { type: "boolean", short: "h" }, "others-append": { type: "boolean" } },
  });
  const [command, ...files] = positionals;
  if (flags.help) {
    console.log(HELP);
    return 0;
  }
  if (command === "final") {
    const { RIVULET_URL = "http://127.0.0.1:8787", ADMIN_KEY = "", TENANT = "default" } = process.env;
    process.stdout.write(`${JSON.stringify(await readFinalState(RIVULET_URL, ADMIN_KEY, { tenant: TENANT }))}\n`);
    return 0;
  }
  if (command !== "check" || files.length !== 2) throw new Error(`expected final, or check and two files, got ${positionals.join(" ")}. See --help.`);
  const [history = "", final = ""] = await Promise.all(files.map((file) => readFile(file, "utf8")));
  const entries = readEntries(history);
  const violations = checkHistory(entries, JSON.parse(final) as FinalState, { othersAppend: flags["others-append"] ?? false });
  for (const { kind, message } of violations) console.log(`${kind}: ${message}`);
  console.error(`${entries.length} entries, ${violations.length} violations`);
  return violations.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (fault) {
  console.error(fault instanceof Error ? fault.message : String(fault));
  process.exitCode = 2;
}
