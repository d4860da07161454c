#!/usr/bin/env node
// Plain JavaScript that any Node reads: the command line itself is TypeScript, which Node runs from 22.18 on. npm installs such a Node
// beside the project; an older one, started without npm, hands over to it here.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const [major, minor] = process.versions.node.split(".").map(Number);
if (major > 22 || (major === 22 && minor >= 18)) process.exitCode = await (await import("./rivulet.ts")).rivulet(process.argv.slice(2));
else handOver();

function handOver() {
  const own = [
    `node-${process.platform}-${process.arch}/bin/node`,
    `node-win-${process.arch}/bin/node.exe`,
    `node-bin-${process.platform}-${process.arch}/bin/node`,
  ]
    .map((path) => fileURLToPath(new URL(`../../node_modules/${path}`, import.meta.url)))
    .find((path) => existsSync(path));
  if (own === undefined) {
    console.error(`rivulet: expected Node 22.18 or newer, got ${process.versions.node}. Run npm ci in the project, which brings one, or install it.`);
    process.exitCode = 2;
    return;
  }
  const { status, error } = spawnSync(own, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  if (error !== undefined) console.error(`rivulet: expected ${own} to run, got ${error.message}`);
  process.exitCode = status ?? 2;
}
