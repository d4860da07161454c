import { categoryOf, type Counter, type LoggedEvent, sql, type View } from "../kernel/index.ts";

/** The view that has what domains count: a row for each counter, its key the counter's name, its row the sum as JSON. */
export const COUNTERS_VIEW = "rivulet_counters";

/**
 * What domains count of their events, in one transaction with the position up to which it is counted: so each event counts exactly once,
 * whoever fails or is beaten on the way. `categoriesOf` says which categories' deciders declare an event type: a plain stream may hold
 * events of any name, and those are not counted.
 */
export function countersView(counters: readonly Counter[], categoriesOf: (type: string) => ReadonlySet<string> | undefined = () => undefined): View {
  const isCounted = ({ type, stream }: LoggedEvent): boolean =>
    counters.some(({ types }) => types.has(type)) && categoriesOf(type)?.has(categoryOf(stream)) !== false;
  return {
    name: COUNTERS_VIEW,
    version: 1,
    concerns: isCounted,
    rows: `SELECT key, row FROM view_rows WHERE scope = ?1 AND view = '${COUNTERS_VIEW}'`,
    fold(scope, events) {
      const sums = counters.map(({ name, amount }) => [name, events.reduce((sum, event) => sum + amount(event), 0)] as const).filter(([, sum]) => sum > 0);
      if (sums.length === 0) return [];
      return [
        sql`INSERT INTO view_rows (scope, view, key, row) SELECT ${scope}, ${COUNTERS_VIEW}, value ->> 0, value ->> 1 FROM json_each(${JSON.stringify(sums)}) WHERE true
            ON CONFLICT (scope, view, key) DO UPDATE SET row = row + excluded.row`,
      ];
    },
    discard: (scope) => [
      sql`DELETE FROM view_rows WHERE (scope, view, key) IN (SELECT scope, view, key FROM view_rows WHERE scope = ${scope} AND view = ${COUNTERS_VIEW} LIMIT 1000)`,
    ],
  };
}
