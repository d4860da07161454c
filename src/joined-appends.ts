import type { AggregateObject } from "../durable-objects/aggregate.ts";
import type { Appended, AppendRequest, Refusal } from "../durable-objects/aggregate/contract.ts";

/** Appends that go in one call, at most: about as many as under load commit together. */
const MOST_AT_ONCE = 64;
/** An append that is longer (characters, as JSON) goes by itself: a call is little beside it, and nobody else should wait for its way. */
const SMALL = 16 * 1024;
/** A group that has not gone after so long (milliseconds) never will: the request that was to send it is no more. */
const LONGEST_GATHERING = 1_000;
/** Streams that are remembered, at most; those that are forgotten begin anew. */
const MOST_STREAMS = 10_000;

/** How a stream's object is reached. */
export interface Reached {
  /** A stub of the invocation that asks for it. */
  readonly object: (tenant: string, stream: string) => Pick<DurableObjectStub<AggregateObject>, "append" | "appendEach">;
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
  /** What it asks for, as JSON. */
  readonly text: string;
  /** Always with a primitive: a promise that another request resolves with an object goes on in that request, where I/O of its own is out of reach. */
  readonly wake: (nothing: undefined) => void;
  outcome?: { readonly answer: Appended | Refusal } | { readonly fault: unknown };
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
    const text = smallText(request);
    if (text === undefined || !this.#reached.maySettleAcross) return this.#reached.object(tenant, stream).append(request);
    const name = `${tenant}/${stream}`;
    const line = this.#lineOf(name);
    const call = (texts: readonly string[]) => this.#underWay(name, line, appendEach(this.#reached.object(tenant, stream), texts));
    if (line.underWay === 0) return (await call([text]))[0] as Appended | Refusal;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const member: Member = { text, wake: resolve };
    this.#join(line, member, call);
    await promise;
    // (Without an outcome nobody is woken.)
    const outcome = member.outcome as Required<Member>["outcome"];
    if ("fault" in outcome) throw outcome.fault;
    return outcome.answer;
  }

  #join(line: Line, member: Member, call: (texts: readonly string[]) => Promise<readonly (Appended | Refusal)[]>): void {
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
        return settle(group.members, () => call(group.members.map(({ text }) => text)));
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

/** Tells each member what came of the call. */
async function settle(members: readonly Member[], call: () => Promise<readonly (Appended | Refusal)[]>): Promise<void> {
  try {
    const answers = await call();
    for (const [index, member] of members.entries()) member.outcome = { answer: answers[index] as Appended | Refusal };
  } catch (fault) {
    for (const member of members) member.outcome = { fault };
  }
  for (const { wake } of members) wake(undefined);
}

async function appendEach(object: ReturnType<Reached["object"]>, texts: readonly string[]): Promise<readonly (Appended | Refusal)[]> {
  return JSON.parse(await object.appendEach(`[${texts.join(",")}]`)) as readonly (Appended | Refusal)[];
}

/** A request as JSON; undefined for one that is not small. */
function smallText(request: AppendRequest): string | undefined {
  let size = 0;
  for (const { data } of request.events) size += data.length;
  if (size > SMALL) return undefined;
  const text = JSON.stringify(request);
  return text.length > SMALL ? undefined : text;
}

function endOfTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
