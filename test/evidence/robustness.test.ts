import { expect, test } from "vitest";
import { ADMIN_KEY, startServer, stop } from "../local/server.ts";
import { type RobustnessFigures, runRobustness } from "./robustness.ts";
import { tell } from "./told.ts";

const MINUTE = 60_000;
const full = process.env["FULL"] === "1";
/** A pattern of operation ids, for who works on some of them. */
const operations = process.env["OPERATIONS"];

test("whatever is sent to whichever operation, the answer is one that the description promises", { timeout: (full ? 240 : 30) * MINUTE }, async () => {
  const server = await startServer();
  const { figures, failures } = await runRobustness({
    url: server.url,
    key: ADMIN_KEY,
    seed: Number(process.env["SEED"] ?? 1),
    full,
    ...(operations !== undefined && { operations: new RegExp(operations) }),
    processes: server.runtime,
  });
  await stop(server);
  console.log(JSON.stringify(figures, null, 2));
  tell("robustness", robustnessLine(figures, failures.length));
  expect(failures.length, `\n${failures.join("\n\n")}\n`).toBe(0);
  for (const kind of ["valid", "forbidden", "malformed", "raw", "naughty"]) expect(figures.byKind[kind], kind).toBeGreaterThan(figures.operations);
  expect(figures.operations).toBeGreaterThan(0);
  expect(figures.refusedAndTraced).toBeGreaterThan(0);
});

function robustnessLine({ operations, requests, byStatus, refusedAndTraced }: RobustnessFigures, failures: number): string {
  const statuses = Object.entries(byStatus)
    .toSorted()
    .map(([status, count]) => `${count} ${status}`);
  return `${operations} operations, ${requests} requests (${statuses.join(", ")}), ${refusedAndTraced} refused ones sought in the log in vain, ${failures} findings`;
}
