import type { Ledger } from "../ledger.ts";
import { type FinalState, markOf } from "./final-state.ts";

/** What was read is part of the history, and never behind what had been acknowledged; ids are in a stream once; nothing is there that nobody sent. */
export function* checkReads(ledger: Ledger, { histories, log }: FinalState, setBack: ReadonlySet<string>): Generator<string> {
  for (const { stream, version, hash, began } of ledger.seen) {
    if (histories.get(stream)?.[version - 1]?.hash !== hash) yield `${stream} was read at version ${version} with another hash than it has`;
    const told = ledger.calls
      .filter((call) => call.action.stream === stream)
      .flatMap(({ tries }) => tries.filter((attempt) => (attempt.ended ?? Infinity) < began));
    const most = Math.max(
      0,
      ...told.flatMap(({ outcome }) =>
        outcome?.kind === "ok" ? ((outcome.answer["events"] ?? []) as { version: number }[]).map((event) => event.version) : [],
      ),
    );
    if (version < most) yield `${stream} was read at version ${version} after version ${most} was acknowledged`;
  }
  for (const { tenant, hashes } of ledger.seenLogs) {
    const now = (log.get(tenant) ?? []).map((event) => event.hash);
    const changed = hashes.findIndex((hash, index) => now[index] !== hash);
    if (changed >= 0) yield `position ${changed + 1} of the log of ${tenant} is another event than it was`;
  }
  for (const [stream, history] of histories) {
    const ids = history.map(({ source, id }) => `${source} ${id}`);
    const twice = ids.find((id, index) => ids.indexOf(id) !== index);
    if (twice !== undefined) yield `the event ${twice} is in ${stream} twice`;
    // What followers are told, what the handler counts, and what the saga does, is checked with them.
    if (!setBack.has(stream) && !/\/(rivulet_subscription|rivulet_handler|count|saga_errand|ask|purse)-/.test(stream))
      yield* checkExplained(ledger, stream, history);
  }
}

/** Every event was asked for: by a call that was answered with it, or by one of unknown outcome. */
function* checkExplained(
  { calls }: Ledger,
  stream: string,
  history: FinalState["histories"] extends ReadonlyMap<string, infer History> ? History : never,
): Generator<string> {
  const own = calls.filter((call) => call.action.stream === stream);
  const marks = new Set(own.flatMap(({ asked }) => asked.map(({ mark }) => mark)));
  const told = new Set<unknown>();
  let unknown = 0;
  for (const { action, tries } of own) {
    for (const { outcome } of tries) {
      if (outcome?.kind !== "ok") continue;
      told.add(outcome.answer["version"]);
      for (const { version } of (outcome.answer["events"] ?? []) as { version: number }[]) told.add(version);
    }
    const isUnknown = tries.some(({ outcome }) => outcome?.kind === "unknown") && !tries.some(({ outcome }) => outcome?.kind === "ok");
    if (action.do !== "append" && isUnknown) unknown++;
  }
  const unexplained = history.filter((event) => event.data !== "" && !told.has(event.version) && !marks.has(markOf(event) ?? ""));
  if (unexplained.length > unknown) yield `${stream} has ${unexplained.length} events that nobody was told of, after ${unknown} calls of unknown outcome`;
}
