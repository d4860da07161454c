import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { availableParallelism, cpus, totalmem } from "node:os";
import type { Machine } from "./report.ts";

/** Of this machine, what bears on speed. */
export async function machine(): Promise<Machine> {
  const { resolve } = createRequire(import.meta.url);
  const version = async (name: string): Promise<string> => (JSON.parse(await readFile(resolve(`${name}/package.json`), "utf8")) as { version: string }).version;
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? "unknown",
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    workerd: await version("workerd"),
    miniflare: await version("miniflare"),
  };
}
