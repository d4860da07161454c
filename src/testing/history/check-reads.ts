import { type Call, ofKind } from "./call.ts";
import { differences, eventsOf, foldOf } from "./check-views.ts";
import { type FinalEvent, nameOf, type ViewFold } from "./final-state.ts";
import { describe, type Operation, type ReadLog, type ReadStream, type ReadView, type SeenEvent } from "./operation.ts";
import { isPlatforms } from "./platforms.ts";
import type { Run } from "./run.ts";
import type { Violation } from "./violation.ts";

/** The names of the events that each token speaks of. */
type Tokens = ReadonlyMap<string, ReadonlySet<string>>;

/** A read that carried a token, and how far into the log it was. */
interface Reached {
  readonly call: Call;
  readonly of: string;
  readonly position: number;
}

/** Reads give what is there, see the writes whose tokens they carry, and do not go back behind what an earlier one with a token saw. */
export function checkReads(run: Run): readonly Violation[] {
  const tokens = tokensOf(run);
  const reached: Reached[] = [];
  const log = ofKind(run.calls, "read-log").flatMap((call) => checkLogRead(run, call, tokens, reached));
  const views = ofKind(run.calls, "read-view").flatMap((call) => checkViewRead(run, call, tokens, reached));
  const streams = ofKind(run.calls, "read-stream").flatMap((call) => checkStreamRead(run, call));
  return [...streams, ...log, ...views, ...checkMonotonic(reached)];
}

/** A client cannot read a token, so what was answered with it tells. */
function tokensOf({ calls }: Run): Tokens {
  const tokens = new Map<string, Set<string>>();
  for (const { operation, outcome } of ofKind(calls, "append")) {
    if (outcome.phase !== "ok" || outcome.result.token === undefined) continue;
    const { token, events } = outcome.result;
    const names = tokens.get(token) ?? new Set();
    tokens.set(token, names);
    for (const { version } of events) names.add(nameOf({ stream: operation.stream, version }));
  }
  return tokens;
}

function wrote(run: Run, tokens: Tokens, token: string | undefined): readonly { name: string; position: number }[] {
  // What the log lacks in the end is the log's violation, not the read's.
  return [...((token !== undefined && tokens.get(token)) || [])].map((name) => ({ name, position: run.positions.get(name) ?? 0 }));
}

function checkStreamRead({ events }: Run, { operation, outcome }: Call<ReadStream>): readonly Violation[] {
  if (outcome.phase !== "ok") return [];
  const { version, items, isEnd } = outcome.result;
  const last = isEnd ? version : (items.at(-1)?.version ?? operation.from - 1);
  const all = [...(events.get(operation.stream)?.values() ?? [])].filter((event) => event.version >= operation.from && event.version <= last);
  return differing(operation, all, items);
}

function checkLogRead(run: Run, call: Call<ReadLog>, tokens: Tokens, reached: Reached[]): readonly Violation[] {
  const { operation, outcome } = call;
  if (outcome.phase !== "ok") return [];
  const { position, items, isEnd } = outcome.result;
  const { after, stream, token } = operation;
  if (token !== undefined && isEnd) reached.push({ call, of: "log", position });
  const seen = new Set(items.map(nameOf));
  const lacking = wrote(run, tokens, token).filter(
    (own) => own.position > after && (isEnd || own.position <= position) && (stream === undefined || own.name.startsWith(`${stream}@`)) && !seen.has(own.name),
  );
  if (lacking.length > 0) return [lacksOwn(operation, lacking, `it looked up to position ${position}`)];
  const isAsked = (event: FinalEvent): boolean => (stream === undefined ? !isPlatforms(event.stream) : event.stream === stream);
  const at = (event: FinalEvent): number => event.position ?? 0;
  return differing(
    operation,
    run.final.log.filter((event) => at(event) > after && at(event) <= position && isAsked(event)),
    items,
  );
}

function checkViewRead(run: Run, call: Call<ReadView>, tokens: Tokens, reached: Reached[]): readonly Violation[] {
  const { operation, outcome } = call;
  const view: ViewFold | undefined = run.views.find(({ name }) => name === operation.view);
  if (outcome.phase !== "ok" || view?.countOf === undefined) return [];
  const { rows } = outcome.result;
  const events = eventsOf(view, run.final.log);
  const count = view.countOf(rows);
  const position = events[count - 1]?.position ?? 0;
  if (operation.token !== undefined) reached.push({ call, of: operation.view, position });
  const lacking = wrote(run, tokens, operation.token).filter((own) => own.position > position);
  if (lacking.length > 0) return [lacksOwn(operation, lacking, `its rows are those of position ${position}`)];
  return differences(view, foldOf(view, events.slice(0, count)), rows).map((message) => ({
    kind: "read-differs",
    message: `${describe(operation)} is not the fold of the log's first ${count} events: ${message}`,
  }));
}

function lacksOwn(operation: Operation, lacking: readonly { name: string; position: number }[], but: string): Violation {
  const names = lacking.map(({ name, position }) => `${name} (position ${position})`).join(", ");
  return { kind: "read-lacks-own-write", message: `${describe(operation)} is expected to see ${names}, but ${but}.` };
}

/** Both are in order, so that the first that differs is told. */
function differing(operation: Operation, expected: readonly FinalEvent[], got: readonly SeenEvent[]): readonly Violation[] {
  const text = (event: SeenEvent | undefined): string => (event === undefined ? "nothing" : `${nameOf(event)} ${event.id} ${event.hash}`);
  const length = Math.max(expected.length, got.length);
  for (let index = 0; index < length; index++) {
    if (text(expected[index]) === text(got[index])) continue;
    const message = `${describe(operation)} gave ${text(got[index])} as item ${index}, where ${text(expected[index])} is expected.`;
    return [{ kind: "read-differs", message }];
  }
  return [];
}

function checkMonotonic(reached: readonly Reached[]): readonly Violation[] {
  return [...Map.groupBy(reached, ({ of }) => of).values()].flatMap((reads) => {
    const ended = reads.toSorted((one, other) => one.call.ended - other.call.ended);
    let next = 0;
    let furthest: Reached | undefined;
    return reads
      .toSorted((one, other) => one.call.invoked - other.call.invoked)
      .flatMap((read): readonly Violation[] => {
        for (let before = ended[next]; before !== undefined && before.call.ended < read.call.invoked; before = ended[++next]) {
          if (before.position > (furthest?.position ?? 0)) furthest = before;
        }
        if (furthest === undefined || read.position >= furthest.position) return [];
        const message = `${describe(read.call.operation)} saw up to position ${read.position}, after ${describe(furthest.call.operation)} had seen ${furthest.position}.`;
        return [{ kind: "read-goes-back", message }];
      });
  });
}
