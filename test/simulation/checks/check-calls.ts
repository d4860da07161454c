import type { RecordedEvent } from "../../../src/kernel/index.ts";
import type { Call, Ledger, Try } from "../ledger.ts";
import { type FinalState, markOf } from "./final-state.ts";

interface Answer {
  readonly events?: readonly { readonly id: string; readonly version: number; readonly hash: string }[];
  readonly version?: number;
  /** Of a command: what the decider shows, as JSON. */
  readonly state?: string;
  readonly created?: boolean;
  readonly replayed?: boolean;
}

interface Answered extends Try {
  readonly ended: number;
  readonly answer: Answer;
}

/** What clients were told is what happened: acknowledged is there, refused is not, unknown is there once and whole or not at all. */
export function* checkCalls({ calls }: Ledger, { histories }: FinalState, all: readonly Call[]): Generator<string> {
  for (const call of calls) {
    const history = histories.get(call.action.stream) ?? [];
    const name = `call ${call.number} (${call.action.do} to ${call.action.stream})`;
    const open = call.tries.find(({ outcome }) => outcome === undefined);
    if (open !== undefined) yield `${name} was never answered`;
    const answered = answersOf(call);
    for (const { answer } of answered) yield* checkAnswer(name, call, answer, history);
    yield* checkRepeats(name, call, answered, all);
    yield* checkMarks(name, call, answered.length > 0, history);
  }
  yield* checkOrder(calls);
}

function answersOf({ tries }: Call): readonly Answered[] {
  return tries.flatMap(({ began, ended, outcome }) => (outcome?.kind === "ok" ? [{ began, ended: ended as number, answer: outcome.answer as Answer }] : []));
}

/** What an answer speaks of is there, with these hashes; and the condition held when it was written. */
function* checkAnswer(name: string, { action, asked, wanted }: Call, answer: Answer, history: readonly RecordedEvent[]): Generator<string> {
  for (const [index, { id, version, hash }] of (answer.events ?? []).entries()) {
    const found = history[version - 1];
    if (found?.hash !== hash || found.id !== id) yield `${name} was told of version ${version}, which is not there or is another event`;
    const mark = asked[index]?.mark;
    if (found !== undefined && mark !== undefined && found.data !== "" && markOf(found) !== mark)
      yield `${name} was told that version ${version} is its ${mark}`;
  }
  if (answer.state !== undefined && action.stream.includes("/tally-")) {
    const before = history.slice(0, answer.version);
    const sum = before.reduce((sum, { data }) => sum + (data === "" ? 0 : ((JSON.parse(data) as { n?: number }).n ?? 0)), 0);
    const isWhole = before.every(({ data }) => data !== "");
    if (isWhole && answer.state !== JSON.stringify({ sum })) yield `${name} was told ${answer.state} of version ${answer.version}, where the sum is ${sum}`;
  }
  if (action.do === "close") {
    const type = history[(answer.version ?? 0) - 1]?.type;
    const isClosed = type === "rivulet.StreamPurged" || (type === "rivulet.StreamClosed" && !action.purge);
    if (answer.version !== 0 && !isClosed) yield `${name} was told of its end at version ${answer.version}, where the stream has ${type}`;
    return;
  }
  if (action.do === "retain" || answer.replayed === true || (action.do === "append" && (action.ids.length > 0 || answer.created !== true))) return;
  const first = answer.events?.[0]?.version;
  if (first === undefined) return;
  if (wanted !== undefined && first !== wanted + 1) yield `${name} wanted the stream at version ${wanted}, and wrote version ${first}`;
  if (action.when === "new" && first !== 1) yield `${name} wanted a new stream, and wrote version ${first}`;
  if (action.when === "exists" && first === 1) yield `${name} wanted a stream that exists, and wrote its first version`;
}

/** The same request again gives the first answer again, and writes nothing. */
function* checkRepeats(name: string, call: Call, answered: readonly Answered[], calls: readonly Call[]): Generator<string> {
  const isKeyed = "key" in call.action && call.action.key !== undefined;
  const [first] = answered;
  if (!call.isRepeatable || first === undefined) return;
  const eventsOf = ({ answer }: Answered): string => JSON.stringify((answer.events ?? []).map(({ id, version, hash }) => [id, version, hash]));
  for (const other of answered) {
    if (eventsOf(other) !== eventsOf(first)) yield `${name} was answered ${eventsOf(first)}, and another time ${eventsOf(other)}`;
  }
  const done = answered.filter(({ answer }) => answer.replayed !== true && (isKeyed || answer.created === true));
  if (done.length > 1) yield `${name} was done ${done.length} times`;
  const key = "key" in call.action ? call.action.key : undefined;
  const isShared = key !== undefined && calls.some((other) => other !== call && "key" in other.action && other.action.key === key);
  for (const { began, outcome } of call.tries) {
    // A fault is the disk's, and the next try may go well.
    if (began <= first.ended || outcome?.kind !== "refused" || outcome.code === "fault" || (isShared && outcome.code === "idempotency_key_reused")) continue;
    yield `${name} was answered, and refused with ${outcome.code} when it came again`;
  }
}

/** A request's events are there all or none, once, one after the other. */
function* checkMarks(name: string, call: Call, isAnswered: boolean, history: readonly RecordedEvent[]): Generator<string> {
  if (call.action.do !== "append" || history.some(({ data }) => data === "")) return;
  const own = call.asked.filter(({ id }) => id === undefined).map(({ mark }) => mark);
  const versions = history.filter((event) => own.includes(markOf(event) ?? "")).map(({ version }) => version);
  if (versions.length > 0 && versions.length !== own.length) yield `${name} has ${versions.length} of its ${own.length} events in the stream`;
  const isUnknown = call.tries.some(({ outcome }) => outcome === undefined || outcome.kind === "unknown");
  if (versions.length > 0 && !isAnswered && !isUnknown) yield `${name} was refused, and is in the stream`;
  if (versions.length === 0 && isAnswered && own.length > 0) yield `${name} was acknowledged, and is not in the stream`;
  const isTogether = versions.every((version, index) => version === (versions[0] as number) + index);
  if (call.action.ids.length === 0 && !isTogether) yield `${name} stands in versions ${versions.join(", ")}`;
}

/** What was acknowledged before another request began comes before it. */
function* checkOrder(calls: readonly Call[]): Generator<string> {
  const written = calls.flatMap((call) => {
    if (call.action.do !== "append" || call.action.ids.length > 0) return [];
    const fresh = answersOf(call).find(({ answer }) => answer.created === true && answer.replayed !== true);
    const version = fresh?.answer.events?.[0]?.version;
    return fresh === undefined || version === undefined
      ? []
      : [{ number: call.number, stream: call.action.stream, began: fresh.began, ended: fresh.ended, version }];
  });
  for (const one of written) {
    const wrong = written.find((other) => other.stream === one.stream && other.began > one.ended && other.version < one.version);
    if (wrong) yield `call ${wrong.number} wrote version ${wrong.version} after call ${one.number} was told of version ${one.version}`;
  }
}
