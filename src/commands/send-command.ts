import type { Executed, ExecuteRequest, IdempotencyKey, Precondition, Refusal, StateNow } from "../../durable-objects/aggregate/contract.ts";
import { type Command, type Decider, type EventMetadata, isRejection, type Ports } from "../kernel/index.ts";
import { letGo, releaseAll, reserveAll, unheld } from "./claims.ts";
import { LEASE } from "./reservation.ts";

/** An aggregate's object, as far as commands need it. */
export interface CommandTarget {
  state(): Promise<StateNow>;
  answered(idempotency: IdempotencyKey): Promise<Executed | Refusal | undefined>;
  execute(request: ExecuteRequest): Promise<Executed | Refusal>;
}

/** What sending commands reaches; given by the composition root. */
export interface CommandPorts {
  decider(category: string): Decider | undefined;
  target(tenant: string, stream: string): CommandTarget;
  /** What preparations of this aggregate may ask of the world. */
  ports(tenant: string, stream: string): Ports;
  /** Milliseconds since 1970. */
  now(): number;
}

/** A command to an aggregate, already checked against its schema. */
export interface SentCommand {
  readonly tenant: string;
  readonly category: string;
  readonly id: string;
  readonly command: string;
  readonly data: unknown;
  readonly precondition: Precondition;
  readonly idempotency?: IdempotencyKey;
  readonly source: string;
  readonly metadata: EventMetadata;
}

/** What became of a command; `shownOnce` is for the one who sent it, and kept nowhere. */
export type Sent = Refusal | (Executed & { readonly shownOnce?: Readonly<Record<string, unknown>> });

/** Times that a command is prepared anew because its aggregate moved meanwhile; then it is told to come again. */
const ATTEMPTS = 40;

/**
 * The front door of every command: prepares it outside the object, reserves the unique values it wants, and lets the object decide.
 * What was prepared holds for the version it was prepared with; if the aggregate has moved, it is prepared again.
 */
export async function sendCommand(ports: CommandPorts, sent: SentCommand): Promise<Sent> {
  const { tenant, category, id, precondition, idempotency } = sent;
  const decider = ports.decider(category);
  if (decider === undefined) throw new RangeError(`expected a category with a decider, got ${category}`);
  const stream = `${category}-${id}`;
  const target = ports.target(tenant, stream);
  const request = { precondition, source: sent.source, metadata: sent.metadata, ...(idempotency && { idempotency }) };
  if (!needsPreparation(decider, sent.command)) return target.execute({ ...request, command: { name: sent.command, data: sent.data } });
  const before = idempotency && (await target.answered(idempotency));
  if (before) return before;
  const world = remembering(ports.ports(tenant, stream));
  for (let attempt = 1; ; attempt++) {
    const { state: text, version, isClosed } = await target.state();
    const state: unknown = JSON.parse(text);
    if (isClosed || !isMet(precondition, version)) {
      // It is refused in the contract's words. Should the aggregate just have moved to what was asked for, nothing was prepared for that:
      // too late from the start, it is to come again.
      return target.execute({ ...request, command: { name: sent.command, data: sent.data }, notAfter: 0 });
    }
    const context = { now: new Date(ports.now()).toISOString(), id, ports: world };
    const found = await decider.prepare({ name: sent.command, data: sent.data }, state, context);
    const command: Command = { name: sent.command, data: sent.data, ...(found !== undefined && { found }) };
    // Nothing is reserved for a command that is refused anyway.
    const claims = isRejection(decider.decide(command, state, context)) ? [] : unheld(decider, command, state);
    const reserved = await reserveAll(ports, decider, { ...sent, stream, version, claims });
    if (!reserved.ok) return reserved;
    const result = await target.execute({
      ...request,
      command,
      // What was found holds for this version only, whatever the client asks for beyond it.
      precondition: { kind: "version", version },
      ...(claims.length > 0 && { notAfter: ports.now() + LEASE / 4 }),
    });
    const moved = !result.ok && result.code === "version_mismatch" && precondition.kind !== "version";
    if (moved && attempt < ATTEMPTS) continue;
    if (moved)
      return { ok: false, code: "overloaded", detail: `The ${category} ${id} changed ${ATTEMPTS} times while this command was prepared: send it again.` };
    if (!result.ok || result.replayed) return result;
    await releaseAll(ports, sent, { owner: stream, version: result.version, claims: letGo(decider, state, result) });
    const shownOnce = decider.showOnce(command);
    return { ...result, ...(shownOnce && { shownOnce }) };
  }
}

/** The same world, in which no password is hashed twice: prepared again, a command asks the same of it, and a hash is hard work. */
function remembering(ports: Ports): Ports {
  const known = new Map<string, Promise<unknown>>();
  const once = <Found>(key: readonly string[], find: () => Promise<Found>): Promise<Found> => {
    const text = JSON.stringify(key);
    const found = (known.get(text) as Promise<Found> | undefined) ?? find();
    known.set(text, found);
    return found;
  };
  const { hash, verify } = ports.passwords;
  return {
    ...ports,
    passwords: {
      hash: (password) => once(["hash", password], () => hash(password)),
      verify: (password, hash) => once(["verify", password, hash], () => verify(password, hash)),
    },
  };
}

function isMet(precondition: Precondition, version: number): boolean {
  if (precondition.kind === "version") return precondition.version === version;
  if (precondition.kind === "never") return false;
  return precondition.kind === "none" || (precondition.kind === "exists") === version > 0;
}

function needsPreparation(decider: Decider, command: string): boolean {
  return decider.prepares.has(command);
}
