import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { keys } from "./keys.ts";
import { serve } from "./server.ts";

const HELP = `Runs Rivulet on this machine, whole: npm start

Settings come from the environment:
  PORT                 the port on 127.0.0.1 (8787)
  STATE_DIR            the folder that holds all local state (.wrangler/state)
  ADMIN_KEY            the key of the tenant "default"; else from .dev.vars, else made and kept there
  MASTER_KEY           seals secrets; likewise
  ALLOW_LOCAL_TARGETS  1 lets webhooks and upstreams go to private addresses

Ctrl-C stops it. Nothing acknowledged is lost; start it again and it goes on.`;

async function main(): Promise<void> {
  const { values: flags } = parseArgs({ options: { help: { type: "boolean", short: "h" } } });
  if (flags.help) return console.log(HELP);
  const port = Number(process.env["PORT"] ?? 8787);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error(`expected PORT to be 1 to 65535, got ${process.env["PORT"]}`);
  const stateDir = process.env["STATE_DIR"] ?? ".wrangler/state";
  const file = ".dev.vars";
  const { values: variables, made } = await keys(process.env, file);
  if (made.length > 0) console.log(`made ${made.join(" and ")}, kept in ${file}`);
  console.log("building …");
  const allowLocal = process.env["ALLOW_LOCAL_TARGETS"];
  const server = await serve({ port, stateDir: resolve(stateDir), variables: { ...variables, ...(allowLocal && { ALLOW_LOCAL_TARGETS: allowLocal }) } });
  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    console.log("\nstopping …");
    await server.stop();
    process.exit(0);
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  console.log(`state in ${stateDir}; the key is ${process.env["ADMIN_KEY"] ? "ADMIN_KEY of the environment" : `ADMIN_KEY in ${file}`}`);
  console.log(`ready http://127.0.0.1:${port}  (Ctrl-C stops it)`);
}

main().catch((fault: unknown) => {
  console.error(fault instanceof Error ? fault.message : fault);
  process.exit(1);
});
