// @vitest-environment jsdom
import { expect, test } from "vitest";
import mermaid from "mermaid";
import { flowOf } from "../../src/kernel/flow.ts";
import type { LoggedEvent } from "../../src/kernel/index.ts";

let position = 0;
function event(id: string, cause?: string, more: Partial<LoggedEvent> = {}): LoggedEvent {
  position++;
  const recorded = `2026-11-20T10:00:00.${String(position * 10).padStart(3, "0")}Z`;
  const metadata = { correlationId: "c", priority: "normal", traceparent: "", actor: "key:ci", ...(cause && { causationId: cause }) } as const;
  const hashes = { hash: "", previousHash: "", dataHash: "" };
  return {
    id,
    stream: "order-1",
    version: position,
    position,
    type: "commerce.OrderPlaced",
    schemaVersion: 1,
    time: recorded,
    recorded,
    source: "/v1",
    metadata,
    ...hashes,
    data: "" as never,
    ...more,
  };
}

test("a flow says who caused whom and how long it took", () => {
  position = 0;
  const flow = flowOf([event("a"), event("b", "a"), event("c", "a"), event("d", "c"), event("e", "elsewhere")]);
  expect(flow.edges).toEqual([
    { from: "a", to: "b", durationMs: 10 },
    { from: "a", to: "c", durationMs: 20 },
    { from: "c", to: "d", durationMs: 10 },
  ]);
  expect(flow.nodes.map(({ sinceStart }) => sinceStart)).toEqual([0, 10, 20, 30, 40]);
});

test("an event that names itself as its cause has none", () => {
  expect(flowOf([event("a", "a")]).edges).toEqual([]);
});

test.each(["plain.Type", 'quo"te', "end", "a|b", "<script>alert(1)</script>", "ümläut", "#quot;", "a-->b", "]; x", "`md`", "%%{init}%%", "😀"])(
  "Mermaid parses the picture with the type %s",
  async (type) => {
    const { mermaid: picture } = flowOf([event("a", undefined, { type }), event("b", "a", { type })]);
    expect(await mermaid.parse(picture)).toMatchObject({ diagramType: "flowchart-v2" });
    expect(picture.split("\n")).toHaveLength(4);
  },
);
