import { afterAll, beforeAll, expect, test } from "vitest";
import { all, append, counted } from "./api.ts";
import { type Server, startServer, stop, until } from "./server.ts";

const MANY = 40;
/** Queue operations of a message of at most 64 KB. */
const OPERATIONS = 3;
/** Between two messages of a stream (milliseconds), as the built worker has it. */
const APART = 25;

let server: Server;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => stop(server));

test("what is appended to one stream one after the other goes into the log in few messages: none sooner than 25 ms after another", async () => {
  await append(server.url, "note-1", [0]);
  const logged = async (): Promise<number> => (await all(server.url, "/v1/events")).length;
  const inTheLog = (count: number): Promise<number> => until(logged, (length) => length >= count, 20_000);
  await inTheLog(1);
  const before = await counted(server.url, "rivulet_queue_operations_total");
  const begun = performance.now();
  for (let n = 1; n <= MANY; n++) await append(server.url, "note-1", [n]);
  const took = performance.now() - begun;
  await inTheLog(MANY + 1);
  const messages = ((await counted(server.url, "rivulet_queue_operations_total")) - before) / OPERATIONS;
  expect(messages).toBeGreaterThan(0);
  // The first goes at once, and one more may follow the last append.
  expect(messages).toBeLessThanOrEqual(Math.min(MANY, took / APART + 2));
});
