import { canonicalJson } from "../../kernel/index.ts";
import type { FinalEvent, ViewFold } from "./final-state.ts";
import type { Row } from "./operation.ts";
import type { Run } from "./run.ts";
import type { Violation } from "./violation.ts";

/** Every view is the fold of the whole log. */
export function checkViews({ final: { log, views: rows }, views }: Run): readonly Violation[] {
  return views.flatMap((view) => {
    const messages = differences(view, foldOf(view, log), rows[view.name] ?? []);
    return messages.map((message): Violation => ({ kind: "view-differs", message: `The view ${view.name}: ${message}` }));
  });
}

/** What the view's rows are after these events of the log. */
export function foldOf(view: ViewFold, log: readonly FinalEvent[]): readonly Row[] {
  return view.fold(eventsOf(view, log));
}

/** The events of the log that the view counts. */
export function eventsOf(view: ViewFold, log: readonly FinalEvent[]): readonly FinalEvent[] {
  return view.takes === undefined ? log : log.filter(view.takes);
}

/** What is wrong with rows, a sentence each, whatever their order. */
export function differences({ key }: ViewFold, expected: readonly Row[], got: readonly Row[]): readonly string[] {
  const wanted = new Map(expected.map((row) => [row[key], row]));
  const there = Map.groupBy(got, (row) => row[key]);
  return [
    ...[...wanted].flatMap(([name, row]) => {
      const rows = there.get(name) ?? [];
      if (rows.length === 1 && canonicalJson(rows[0]) === canonicalJson(row)) return [];
      return [
        `expected ${JSON.stringify(row)} for ${key} ${String(name)}, got ${rows.length === 0 ? "no row" : rows.map((each) => JSON.stringify(each)).join(" and ")}.`,
      ];
    }),
    ...[...there.keys()]
      .filter((name) => !wanted.has(name))
      .map((name) => `expected no row for ${key} ${String(name)}, got ${JSON.stringify(there.get(name)?.[0])}.`),
  ];
}
