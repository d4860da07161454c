import type { Executed, Refusal } from "../../durable-objects/aggregate/contract.ts";
import { type Claim, type Command, type Decider, reject, type Rejection } from "../kernel/index.ts";
import { LEASE, type ReservationState, reservationStream } from "./reservation.ts";
import type { CommandPorts, CommandTarget, SentCommand } from "./send-command.ts";

/** What a command wants to take and its aggregate does not hold yet. */
export function unheld(decider: Decider, command: Command, state: unknown): readonly Claim[] {
  const held = new Set(decider.holds(state).map(keyOf));
  return decider.wants(command, state).filter((claim) => !held.has(keyOf(claim)));
}

const keyOf = ({ scope, value }: Claim): string => JSON.stringify([scope, value]);

/** What an aggregate held before a command, and holds no more. */
export function letGo(decider: Decider, before: unknown, { events }: Executed): readonly Claim[] {
  const held = decider.holds(before);
  if (held.length === 0 || events.length === 0) return [];
  const after = events.reduce((state, { type, data }) => {
    const schemaVersion = decider.forms.get(type)?.schemaVersion ?? 1;
    return decider.evolve(state, { type, data: JSON.parse(data) as unknown, schemaVersion });
  }, before);
  const holds = new Set(decider.holds(after).map(keyOf));
  return held.filter((claim) => !holds.has(keyOf(claim)));
}

interface Releasing {
  readonly owner: string;
  readonly version: number;
  readonly claims: readonly Claim[];
}

/** The command is decided already, whatever comes of this: what is not released now is free once its lease is over, for its owner holds it no more. */
export async function releaseAll(ports: CommandPorts, sent: SentCommand, { owner, version, claims }: Releasing): Promise<void> {
  const release = async (claim: Claim): Promise<void> => {
    try {
      const released = await command(ports.target(sent.tenant, reservationStream(claim)), sent, "Release", { owner, version });
      if (!released.ok) console.warn("commands: a value stays reserved until its lease is over", owner, released.code);
    } catch (fault) {
      console.warn("commands: a value stays reserved until its lease is over", owner, String(fault));
    }
  };
  await Promise.all(claims.map(release));
}

/** A command that is about to be sent, and what it wants. */
export type Claiming = SentCommand & { readonly stream: string; readonly version: number; readonly claims: readonly Claim[] };

export async function reserveAll(ports: CommandPorts, decider: Decider, claiming: Claiming): Promise<Refusal | { readonly ok: true }> {
  for (const claim of claiming.claims) {
    const refusal = await reserve(ports, decider, claiming, claim);
    if (refusal === undefined) continue;
    if (refusal.code !== "rejected") return refusal;
    const { code, detail } = takenOf(decider, claim);
    return { ...refusal, rejection: code, detail };
  }
  return { ok: true };
}

function takenOf({ category, taken = "taken" }: Decider, { scope }: Claim): Rejection {
  if (typeof taken !== "string") return taken;
  // A scope is <domain>/<what is unique>.
  return reject(taken, `There is another ${category} with this ${scope.slice(scope.lastIndexOf("/") + 1)} already: choose another one.`);
}

/** Undefined where the value is this stream's now. Who has it on paper only, and not in its state, loses it once its lease is over. */
async function reserve(ports: CommandPorts, decider: Decider, claiming: Claiming, claim: Claim): Promise<Refusal | undefined> {
  const { tenant, stream, version } = claiming;
  const target = ports.target(tenant, reservationStream(claim));
  const first = await command(target, claiming, "Reserve", { owner: stream, scope: claim.scope, version });
  if (first.ok || first.code !== "rejected") return first.ok ? undefined : first;
  const { owner, at } = JSON.parse((await target.state()).state) as ReservationState;
  if (owner === undefined || at === undefined || ports.now() - Date.parse(at) < LEASE) return first;
  const holder = JSON.parse((await ports.target(tenant, owner).state()).state) as unknown;
  if (decider.holds(holder).some((held) => keyOf(held) === keyOf(claim))) return first;
  const second = await command(target, claiming, "Reserve", { owner: stream, scope: claim.scope, version, replaces: owner });
  return second.ok ? undefined : second;
}

function command(target: CommandTarget, { metadata }: SentCommand, name: string, data: object): Promise<Executed | Refusal> {
  return target.execute({ command: { name, data }, precondition: { kind: "none" }, source: "/v1/unique", metadata });
}
