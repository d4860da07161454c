import { expect, test } from "vitest";
import { append, ask } from "./api.ts";
import { ADMIN_KEY, startServer, stop, until } from "./server.ts";

test("each request is a line of the log where nothing else is asked for, with its trace; no key, no ticket and no secret stands in any of them", async () => {
  const server = await startServer();
  const trace = "0af7651916cd43dd8448eb211c80319c";
  await append(server.url, "note-a", ["never in a log: data"], { traceparent: `00-${trace}-b7ad6b7169203331-01` });
  await ask(server.url, "/v1/sources/quiet", { method: "PUT", body: { scheme: "github", secret: "never in a log: secret" } });
  const { body } = await ask<{ ticket: string }>(server.url, "/v1/tickets", { method: "POST" });
  await ask(server.url, `/v1/nowhere?ticket=${body.ticket}`);
  const lines = (): readonly Record<string, unknown>[] =>
    server
      .output()
      .split("\n")
      .filter((line) => line.startsWith('{"level"'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  await until(
    () => lines().some(({ path }) => path === "/v1/nowhere"),
    (isThere) => isThere,
    20_000,
  );
  expect(lines()).toContainEqual(
    expect.objectContaining({ level: "info", operation: "appendEvents", path: "/v1/streams/note-a/events", status: 201, tenant: "default", traceId: trace }),
  );
  expect(lines()).toContainEqual(expect.objectContaining({ operation: "putSource", status: 201 }));
  for (const secret of [ADMIN_KEY, body.ticket, "never in a log", "ticket="]) expect(server.output()).not.toContain(secret);
  await stop(server);
});
