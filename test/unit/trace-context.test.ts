import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { continueTrace, traceparentOf } from "../../src/tracing/trace-context.ts";

const TRACE = "12345678901234567890123456789012";
const PARENT = "1234567890123456";

/** A new trace: ids of its own and no caller. */
function expectNew(traceparent: string | undefined): void {
  const { traceId, spanId, flags, parentSpanId } = continueTrace(traceparent);
  expect(traceId).toMatch(/^[0-9a-f]{32}$/);
  expect(traceId).not.toMatch(/^0+$/);
  expect(traceparent ?? "").not.toContain(traceId);
  expect(spanId).toMatch(/^[0-9a-f]{16}$/);
  expect(spanId).not.toMatch(/^0+$/);
  expect(flags).toBe("01");
  expect(parentSpanId).toBeUndefined();
}

describe("a valid traceparent is continued", () => {
  test.each([
    [`00-${TRACE}-${PARENT}-01`, TRACE, PARENT, "01"],
    [`00-${TRACE}-${PARENT}-00`, TRACE, PARENT, "00"],
    ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "01"],
    ["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "00"],
    [`cc-${TRACE}-${PARENT}-01`, TRACE, PARENT, "01"],
    [`cc-${TRACE}-${PARENT}-01-what-the-future-will-be-like`, TRACE, PARENT, "01"],
    [`01-${TRACE}-${PARENT}-01-`, TRACE, PARENT, "01"],
    [`fe-${TRACE}-${PARENT}-01-x`, TRACE, PARENT, "01"],
    [`00-${"0".repeat(31)}1-${"0".repeat(15)}1-01`, `${"0".repeat(31)}1`, `${"0".repeat(15)}1`, "01"],
  ])("%s", (traceparent, traceId, parentSpanId, flags) => {
    const context = continueTrace(traceparent);
    expect(context).toEqual({ traceId, spanId: expect.stringMatching(/^[0-9a-f]{16}$/) as string, flags, parentSpanId });
    expect(context.spanId).not.toBe(parentSpanId);
  });

  test.each([`cc-${TRACE}-${PARENT}-00`, `cc-${TRACE}-${PARENT}-00-what-the-future-will-be-like`, `01-${TRACE}-${PARENT}-02`])(
    "with the sampled bit as the caller set it, in a future version too: %s",
    (traceparent) => {
      // Trace Context, "Versioning of traceparent": of a higher version, trace id, parent id and the sampled bit are used.
      expect(continueTrace(traceparent).flags).toBe("00");
    },
  );

  test.each([
    ["ff", "01"],
    ["09", "01"],
    ["08", "00"],
    ["fc", "00"],
  ])("with the flags %s it goes on without the reserved bits", (flags, sampled) => {
    // "Other flags": the behaviour of other flags is not defined, vendors must set those to zero. Bit 2 is level 2's random flag.
    const continued = Number.parseInt(continueTrace(`00-${TRACE}-${PARENT}-${flags}`).flags, 16);
    expect(continued & 0b0000_0001).toBe(Number(sampled));
    expect(continued & 0b1111_1100).toBe(0);
  });
});

describe("a missing or bad traceparent begins a new trace", () => {
  test("missing", () => {
    expectNew(undefined);
  });

  test.each([
    ["empty", ""],
    ["junk", "junk"],
    ["version ff", `ff-${TRACE}-${PARENT}-01`],
    ["version ff with more", `ff-${TRACE}-${PARENT}-01-more`],
    ["version 00 with more", `00-${TRACE}-${PARENT}-01-what-the-future-will-be-like`],
    ["version 00 with a dash at the end", `00-${TRACE}-${PARENT}-01-`],
    ["version 00 with a dot at the end", `00-${TRACE}-${PARENT}-01.`],
    ["a future version with more, but not behind a dash", `cc-${TRACE}-${PARENT}-01.what-the-future-will-be-like`],
    ["illegal characters in the version", `.0-${TRACE}-${PARENT}-01`],
    ["illegal characters at the version's end", `0.-${TRACE}-${PARENT}-01`],
    ["a version of three digits", `000-${TRACE}-${PARENT}-01`],
    ["a version of four digits", `0000-${TRACE}-${PARENT}-01`],
    ["a version of one digit", `0-${TRACE}-${PARENT}-01`],
    ["an upper-case version", `CC-${TRACE}-${PARENT}-01`],
    ["a trace id of zeros", `00-${"0".repeat(32)}-${PARENT}-01`],
    ["a trace id of zeros in a future version", `cc-${"0".repeat(32)}-${PARENT}-01`],
    ["an illegal character in the trace id", `00-.${TRACE.slice(1)}-${PARENT}-01`],
    ["an illegal character at the trace id's end", `00-${TRACE.slice(1)}.-${PARENT}-01`],
    ["an upper-case trace id", `00-${"ABCDEF12".repeat(4)}-${PARENT}-01`],
    ["a trace id too long", `00-${TRACE}3-${PARENT}-01`],
    ["a trace id too short", `00-${TRACE.slice(1)}-${PARENT}-01`],
    ["a parent id of zeros", `00-${TRACE}-${"0".repeat(16)}-01`],
    ["an illegal character in the parent id", `00-${TRACE}-.${PARENT.slice(1)}-01`],
    ["an illegal character at the parent id's end", `00-${TRACE}-${PARENT.slice(1)}.-01`],
    ["an upper-case parent id", `00-${TRACE}-ABCDEF1234567890-01`],
    ["a parent id too long", `00-${TRACE}-${PARENT}7-01`],
    ["a parent id too short", `00-${TRACE}-${PARENT.slice(1)}-01`],
    ["an illegal character in the flags", `00-${TRACE}-${PARENT}-.0`],
    ["an illegal character at the flags' end", `00-${TRACE}-${PARENT}-0.`],
    ["upper-case flags", `00-${TRACE}-${PARENT}-0A`],
    ["flags too long", `00-${TRACE}-${PARENT}-001`],
    ["flags too short", `00-${TRACE}-${PARENT}-1`],
    ["no flags", `00-${TRACE}-${PARENT}`],
    ["two headers joined", `00-${TRACE}-${PARENT}-01, 00-${TRACE}-${PARENT}-01`],
    ["a line break", `00-${TRACE}-${PARENT}-01\n`],
    ["something before it", `x00-${TRACE}-${PARENT}-01`],
  ])("%s", (_, traceparent) => {
    expectNew(traceparent);
  });

  test("and never the same one twice", () => {
    const traces = Array.from({ length: 1_000 }, () => continueTrace(undefined));
    expect(new Set(traces.map(({ traceId }) => traceId)).size).toBe(1_000);
    expect(new Set(traces.map(({ spanId }) => spanId)).size).toBe(1_000);
  });
});

describe("over hops", () => {
  test("the trace stays and each span's parent is the span before it", () => {
    const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length - 1}}[1-9a-f]$`));
    fc.assert(
      fc.property(hex(32), hex(16), fc.constantFrom("00", "01"), (traceId, spanId, flags) => {
        const first = continueTrace(traceparentOf({ traceId, spanId, flags }));
        const second = continueTrace(traceparentOf(first));
        expect(first).toMatchObject({ traceId, parentSpanId: spanId, flags });
        expect(second).toMatchObject({ traceId, parentSpanId: first.spanId, flags });
      }),
    );
  });

  test("a trace begun here is continued too", () => {
    const begun = continueTrace(undefined);
    expect(traceparentOf(begun)).toBe(`00-${begun.traceId}-${begun.spanId}-01`);
    expect(continueTrace(traceparentOf(begun))).toMatchObject({ traceId: begun.traceId, parentSpanId: begun.spanId });
  });
});
