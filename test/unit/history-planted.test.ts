import { describe, expect, test } from "vitest";
import { checkHistory } from "../../src/testing/history/check-history.ts";
import type { FinalEvent } from "../../src/testing/history/final-state.ts";
import { VIOLATION_KINDS, type ViolationKind } from "../../src/testing/history/violation.ts";
import { inAppends } from "./support/planted-appends.ts";
import { inReads } from "./support/planted-reads.ts";
import { inState } from "./support/planted-state.ts";
import { Planting } from "./support/history-planting.ts";

const ALL = [...inState, ...inAppends, ...inReads];

describe("a planted violation is found and named", () => {
  test.each(ALL)("$kind: $what", ({ plant, kind, also = [], says }) => {
    const planting = new Planting();
    plant(planting);
    const { entries, final } = planting.recorded;
    const found = checkHistory(entries, final);
    expect([...new Set(found.map((each) => each.kind))].toSorted()).toEqual([kind, ...also].toSorted());
    expect(found.filter((each) => each.kind === kind).map(({ message }) => message)).toContainEqual(expect.stringMatching(says));
  });

  test("and there is a planting of every kind", () => {
    const planted = new Set<ViolationKind>(ALL.map(({ kind }) => kind));
    expect(VIOLATION_KINDS.filter((kind) => !planted.has(kind))).toEqual([]);
  });

  test("and the plain run that they are planted in has none", () => {
    const planting = new Planting();
    planting.rewrite("note-a", (events: FinalEvent[]) => events);
    planting.rewrite("note-b", (events: FinalEvent[]) => events);
    const { entries, final } = planting.recorded;
    expect(checkHistory(entries, final)).toEqual([]);
  });
});
