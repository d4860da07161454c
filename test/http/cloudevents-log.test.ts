import { expect, test } from "vitest";
import { BATCH, type Members } from "../support/cloudevents.ts";
import { append, expectProblem, get, newerThan, ok } from "../support/http.ts";

const asBatch = { accept: BATCH };

test("the whole log is a batch of CloudEvents for who asks for one, in its order, the next page behind Link", async () => {
  await append(
    "celog-a",
    [1, 2].map((n) => ({ type: "celog.Happened", data: { n } })),
  );
  const token = newerThan(await append("celog-b", [{ type: "celog.Happened", data: { n: 3 } }]));
  const first = await get("/v1/events?type=celog.%23&limit=2", { ...asBatch, ...token });
  expect([first.headers.get("content-type"), first.headers.get("vary")]).toEqual([BATCH, "Accept"]);
  expect(ok<Members[]>(first).map(({ specversion, stream, data }) => [specversion, stream, data])).toEqual([
    ["1.0", "celog-a", { n: 1 }],
    ["1.0", "celog-a", { n: 2 }],
  ]);
  const [, next] = /^<(.+)>; rel="next"$/.exec(first.headers.get("link") ?? "") ?? [];
  const rest = await get(next as string, asBatch);
  expect(ok<Members[]>(rest).map(({ data }) => data)).toEqual([{ n: 3 }]);
  expect(rest.headers.get("link")).toBeNull();
});

test("the whole log has no other representation: 406", async () => {
  expectProblem(await get("/v1/events", { accept: "text/html" }), 406, "not_acceptable");
});
