import { expect, test } from "vitest";
import { append, get, newerThan, send } from "../support/http.ts";

interface Flow {
  readonly nodes: readonly { readonly id: string; readonly type: string; readonly position: number }[];
  readonly edges: readonly { readonly from: string; readonly to: string; readonly durationMs: number }[];
  readonly mermaid: string;
  readonly truncated: boolean;
}

const caused = (id: string, cause?: string) => ({
  id,
  type: `flow.${id}`,
  data: {},
  metadata: { correlationId: "flow-1", ...(cause && { causationId: cause }) },
});

test("the flow of a correlation shows who caused whom over several streams, with a picture", async () => {
  await append("parcel-f1", [caused("placed")]);
  const paid = await append("bill-f1", [caused("paid", "placed")]);
  await get("/v1/correlations/flow-1", newerThan(paid));
  await append("note-f1", [{ type: "notes.Other", data: {}, metadata: { correlationId: "flow-2" } }]);
  const last = await append("parcel-f1", [caused("confirmed", "paid")]);
  const flow = (await get("/v1/correlations/flow-1", newerThan(last))).json<Flow>();
  expect(flow.nodes.map(({ id }) => id)).toEqual(["placed", "paid", "confirmed"]);
  expect(flow.edges.map(({ from, to }) => [from, to])).toEqual([
    ["placed", "paid"],
    ["paid", "confirmed"],
  ]);
  expect(flow.edges.every(({ durationMs }) => durationMs >= 0)).toBe(true);
  expect(flow.truncated).toBe(false);
  expect(flow.mermaid).toMatch(/^flowchart LR\n/);
});

test("a flow of more than 1,000 events is cut, and says so", async () => {
  const header = { "x-correlation-id": "flow-large" };
  await append(
    "note-large",
    Array.from({ length: 600 }, () => ({ type: "a.B", data: 1 })),
    header,
  );
  const last = await append(
    "note-large",
    Array.from({ length: 600 }, () => ({ type: "a.B", data: 1 })),
    header,
  );
  const flow = (await get("/v1/correlations/flow-large", newerThan(last))).json<Flow>();
  expect(flow.nodes).toHaveLength(1000);
  expect(flow.truncated).toBe(true);
});

test("a correlation that nobody used, or another tenant's, is 404", async () => {
  expect((await get("/v1/correlations/flow-none")).status).toBe(404);
  expect((await get("/v1/correlations/flow-1", { "tenant-id": "elsewhere" })).status).toBe(404);
});

test("a webhook's and a control act's flows are found by the correlation that was given", async () => {
  const put = await send("PUT", "/v1/sources/flow-source", { scheme: "github", secret: "s" }, { "x-correlation-id": "flow-put" });
  const flow = (await get("/v1/correlations/flow-put", newerThan(put))).json<Flow>();
  expect(flow.nodes).toMatchObject([{ type: "rivulet.SourceConfigured" }]);
});
