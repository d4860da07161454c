import type { AggregateObject } from "../durable-objects/aggregate.ts";
import type { Appended, AppendRequest, EachAppended, Refusal } from "../durable-objects/aggregate/contract.ts";

/** Appends that go in one call, at most: about as many as under load commit together. */
const MOST_AT_ONCE = 64;
/** An append that is longer (characters, as JSON) goes by itself: a call is little beside it, and nobody else should wait for its way. */
const SMALL = 16 * 1024;
/** A group that has not gone after so long (milliseconds) never will: the request that was to send it is no more. */
const LONGEST_GATHERING = 1_000;
/** Streams that are remembered, at most; those that are forgotten begin anew. */
const MOST_STREAMS = 10_000;

type Stub = Pick<DurableObjectStub<AggregateObject>, "append" | "appendEach">;
type Outcome = { readonly answer: Appended | Refusal } | { readonly fault: unknown };

/** How a stream's object is reached. */
export interface Reached {
  /** A stub of the invocation that asks for it. */
  readonly object: (tenant: string, stream: string) => Stub;
  /** Keeps the invocation that asks for it alive. */
  readonly waitUntil: (work: Promise<unknown>) => void;
  readonly now: () => number;
  /** Whether a promise may be settled by another request than the one that waits for it; where it may not, every append goes alone. */
  readonly maySettleAcross: boolean;
}

/** Whether the runtime is one where it may: `handle_cross_request_promise_resolution`, on since the compatibility date 2024-10-14. */
export function maySettleAcross(): boolean {
  const { Cloudflare } = globalThis as { readonly Cloudflare?: { readonly compatibilityFlags?: Readonly<Record<string, boolean>> } };
  return Cloudflare?.compatibilityFlags?.["handle_cross_request_promise_resolution"] === true;
}

interface Member {
  readonly request: AppendRequest;
  /** The request as JSON. */
  readonly text: string;
  /** Always with a primitive: a promise that another request resolves with an object goes on in that request, where I/O of its own is out of reach. */
  readonly wake: (nothing: undefined) => void;
  outcome?: Outcome;
}

interface Group {
  readonly members: Member[];
  readonly since: number;
}

/** A stream that is being appended to from here. */
interface Line {
  underWay: number;
  gathering: Group | undefined;
}

/**
 * Appends of different requests to one stream go to its object in one call, where they come at the same time: a call costs more than
 * what a small append does there. Who comes while nothing of the stream is under way goes at once, and alone; all others wait for the
 * end of this turn, never for an answer. Each has an answer of its own; where the call fails, it fails for all that went with it.
 */
export class JoinedAppends {
  readonly #reached: Reached;
  readonly #lines = new Map<string, Line>();

  constructor(reached: Reached) {
    this.#reached = reached;
  }

  /** Appends to a stream, as its object does. Rejects where the call has failed, the outcome unknown. */
  async append(tenant: string, stream: string, request: AppendRequest): Promise<Appended | Refusal> {
    const alone = async (): Promise<Appended | Refusal> => this.#reached.object(tenant, stream).append(request);
    if (!this.#reached.maySettleAcross || !isPerhapsSmall(request)) return alone();
    const name = `${tenant}/${stream}`;
    const line = this.#lineOf(name);
    if (line.underWay === 0) return this.#underWay(name, line, alone());
    const text = JSON.stringify(request);
    if (text.length > SMALL) return alone();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const member: Member = { request, text, wake: resolve };
    const object = (): Stub => this.#reached.object(tenant, stream);
    this.#join(line, member, (members) => this.#underWay(name, line, send(object, members)));
    await promise;
    // (Without an outcome nobody is woken.)
    const outcome = member.outcome as Outcome;
    if ("fault" in outcome) throw outcome.fault;
    return outcome.answer;
  }

  #join(line: Line, member: Member, sending: (members: readonly Member[]) => Promise<void>): void {
    const now = this.#reached.now();
    const { gathering } = line;
    if (gathering !== undefined && gathering.members.length < MOST_AT_ONCE && now - gathering.since < LONGEST_GATHERING) {
      gathering.members.push(member);
      return;
    }
    const group: Group = { members: [member], since: now };
    line.gathering = group;
    // What this request sends is others' too: its client may hang up, now or while the call is under way.
    this.#reached.waitUntil(
      endOfTurn().then(() => {
        if (line.gathering === group) line.gathering = undefined;
        return sending(group.members);
      }),
    );
  }

  #lineOf(name: string): Line {
    const known = this.#lines.get(name);
    if (known !== undefined) return known;
    // A request that was cancelled under way does not say that it is over, and its line stays.
    if (this.#lines.size >= MOST_STREAMS) this.#lines.clear();
    const line: Line = { underWay: 0, gathering: undefined };
    this.#lines.set(name, line);
    return line;
  }

  async #underWay<Result>(name: string, line: Line, work: Promise<Result>): Promise<Result> {
    line.underWay++;
    try {
      return await work;
    } finally {
      line.underWay--;
      if (line.underWay === 0 && line.gathering === undefined && this.#lines.get(name) === line) this.#lines.delete(name);
    }
  }
}

/** Sends what belongs together, and tells each member what came of it. */
async function send(objectOf: () => Stub, members: readonly Member[]): Promise<void> {
  try {
    const object = objectOf();
    const outcomes = members.length === 1 ? await Promise.all(members.map((member) => byItself(object, member))) : await sendEach(object, members);
    for (const [index, member] of members.entries()) member.outcome = outcomes[index] as Outcome;
  } catch (fault) {
    for (const member of members) member.outcome = { fault };
  }
  for (const { wake } of members) wake(undefined);
}

async function sendEach(object: Stub, members: readonly Member[]): Promise<readonly Outcome[]> {
  let answers: string;
  try {
    answers = await object.appendEach(`[${members.map(({ text }) => text).join(",")}]`);
  } catch (fault) {
    // While a deployment is under way, an object may still run the code from before this call: then it has done nothing.
    if (!String(fault).includes("does not implement the method")) throw fault;
    return Promise.all(members.map((member) => byItself(object, member)));
  }
  return (JSON.parse(answers) as readonly EachAppended[]).map((each) => ("thrown" in each ? { fault: new Error(each.thrown) } : { answer: each }));
}

async function byItself(object: Stub, { request }: Member): Promise<Outcome> {
  try {
    return { answer: await object.append(request) };
  } catch (fault) {
    return { fault };
  }
}

/** Whether a request may be small: its data is, and what an event has beside that is a few hundred characters at least. */
function isPerhapsSmall({ events }: AppendRequest): boolean {
  let size = 0;
  for (const { data } of events) size += data.length + 300;
  return size <= SMALL;
}

function endOfTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
