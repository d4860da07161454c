import * as fc from "fast-check";
import { expect } from "vitest";
import { type Decider, isRejection, type LoggedEvent, type Projection, type Row } from "../../../../../src/kernel/index.ts";
import { type Happened, happened, logged, rowsOf } from "../../../../../src/testing/index.ts";

/** Somebody tells an aggregate to do something. */
export interface Sent {
  readonly decider: Decider;
  readonly id: string;
  readonly name: string;
  readonly data: unknown;
}

const START = Date.parse("2026-03-30T20:00:00.000Z");
const HOUR = 3_600_000;

/**
 * What a log has after these commands, an hour apart; what is refused leaves nothing. On the way each must keep what all commands owe:
 * its events are what their schemas say, the state outlives a snapshot, and the same command again decides nothing. Those in `counts`
 * say no more than how many, so that only a key tells a second one from a repeated one.
 */
export function logOf(commands: readonly Sent[], counts: readonly string[] = []): readonly Happened[] {
  const states = new Map<string, unknown>();
  return commands.flatMap(({ decider, id, name, data }, index) => {
    const stream = `${decider.category}-${id}`;
    const now = new Date(START + index * HOUR).toISOString();
    const command = { name, data: decider.commands[name]?.parse(data) };
    const before = states.get(stream) ?? decider.initialState();
    const decision = decider.decide(command, before, { now, id });
    if (isRejection(decision)) return [];
    const after = decision.reduce((state, fact) => decider.evolve(state, fact), before);
    for (const { type, data } of decision) expect(decider.forms.get(type)?.schema.safeParse(data).error).toBeUndefined();
    expect(JSON.parse(JSON.stringify(after))).toEqual(after);
    if (!counts.includes(name)) expect(decider.decide(command, after, { now: "2027-01-01T00:00:00.000Z", id })).toEqual([]);
    states.set(stream, after);
    return decision.map((fact) => happened(stream, fact, now));
  });
}

/** Any commands, in any order, to few aggregates, so that they meet. */
export function anyCommands(decider: Decider, ids: readonly string[], data: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<Sent> {
  // A command that is forgotten here would never be tried.
  expect(Object.keys(data).toSorted()).toEqual(Object.keys(decider.commands).toSorted());
  return fc.oneof(
    ...Object.entries(data).map(([name, data]) => fc.record({ decider: fc.constant(decider), id: fc.constantFrom(...ids), name: fc.constant(name), data })),
  );
}

/** Holds a projection to its fold: whatever pages the log comes in, and with the rows read back from where they are kept, they are those of `rowsOf`. */
export function expectSameInPages(projection: Projection, events: readonly Happened[], sizes: readonly number[]): void {
  const log = logged(events);
  const rows = rowsOf(projection, log);
  for (const row of rows) expect(projection.row.safeParse(row).error).toBeUndefined();
  const kept = new Map<string, string>();
  for (let at = 0, page = 0; at < log.length; page++) {
    const size = sizes[page % sizes.length] ?? 1;
    foldPage(projection, log.slice(at, at + size), kept);
    at += size;
  }
  const inPages = [...kept].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, row]): Row => JSON.parse(row) as Row);
  expect(inPages).toEqual(rows);
}

function foldPage(projection: Projection, page: readonly LoggedEvent[], kept: Map<string, string>): void {
  for (const event of page.filter(({ type }) => projection.types.has(type))) {
    for (const key of projection.keysOf(event)) {
      const row = kept.get(key);
      const next = projection.apply(row === undefined ? undefined : (JSON.parse(row) as Row), event, key);
      if (next === undefined) kept.delete(key);
      else kept.set(key, JSON.stringify(next));
    }
  }
}

/** Page sizes, as they may come. */
export const pageSizes: fc.Arbitrary<readonly number[]> = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 });
