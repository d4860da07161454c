import { flagsOf } from "./flags.ts";
import { serve } from "./server.ts";
import { localSettings, SETTINGS_HELP } from "./settings.ts";
import { aborted, runCommand } from "./stop-signal.ts";

const HELP = `Runs Rivulet on this machine, whole: npm start

${SETTINGS_HELP}

Ctrl-C stops it. Nothing acknowledged is lost; start it again and it goes on.`;

async function main(stop: AbortSignal): Promise<number> {
  const flags = flagsOf({ help: { type: "boolean", short: "h" } }, "npm start -- --help");
  if (flags.help) {
    console.log(HELP);
    return 0;
  }
  const settings = await localSettings(process.env);
  console.log("starting …");
  const server = await serve(settings, stop);
  console.log(`ready ${server.url}  (what it can do: ${server.url}/docs; Ctrl-C stops it)`);
  await aborted(stop);
  console.log("\nstopping …");
  await server.stop();
  return 0;
}

await runCommand(main);
