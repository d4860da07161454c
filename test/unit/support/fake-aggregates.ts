import type { Executed, ExecuteRequest, Refusal, StateNow } from "../../../durable-objects/aggregate/contract.ts";
import type { CommandPorts, CommandTarget } from "../../../src/commands/send-command.ts";
import { type Decider, GENESIS_HASH, isRejection, jsonText, type NewFact } from "../../../src/kernel/index.ts";

/** Aggregates in memory, and what was asked of them, one line a call: `note-1 state`, `note-1 Write`. */
export interface FakeAggregates {
  readonly ports: CommandPorts;
  readonly calls: string[];
  /** Called before a command is executed: a test may wait here, send others, or throw. */
  beforeExecute: (stream: string, command: string) => Promise<void> | void;
  /** Milliseconds since 1970. */
  now: number;
  stateOf(stream: string): unknown;
}

/** Deciders as objects would run them, without a runtime. */
export function fakeAggregates(...deciders: readonly Decider[]): FakeAggregates {
  const streams = new Map<string, NewFact[]>();
  const deciderOf = (stream: string): Decider => deciders.find(({ category }) => stream.startsWith(`${category}-`)) as Decider;
  const factsOf = (stream: string): NewFact[] => streams.get(stream) ?? [];
  const stateOf = (stream: string): unknown => factsOf(stream).reduce((state, fact) => deciderOf(stream).evolve(state, fact), deciderOf(stream).initialState());
  const execute = (stream: string, { command, precondition, notAfter }: ExecuteRequest): Executed | Refusal => {
    const facts = factsOf(stream);
    if (precondition.kind === "version" && precondition.version !== facts.length)
      return { ok: false, code: "version_mismatch", detail: "", currentVersion: facts.length };
    if (notAfter !== undefined && fake.now > notAfter) return { ok: false, code: "fault", detail: "" };
    const context = { now: new Date(fake.now).toISOString(), id: stream.slice(stream.indexOf("-") + 1) };
    const decision = deciderOf(stream).decide(command, stateOf(stream), context);
    if (isRejection(decision)) return { ok: false, code: "rejected", rejection: decision.code, detail: decision.detail };
    streams.set(stream, [...facts, ...decision]);
    const events = decision.map(({ type, data }, index) => ({
      id: `e${index}`,
      version: facts.length + index + 1,
      hash: GENESIS_HASH,
      type,
      data: jsonText(data),
    }));
    return { ok: true, replayed: false, version: facts.length + decision.length, state: jsonText(stateOf(stream)), events };
  };
  const target = (stream: string): CommandTarget => ({
    state: (): Promise<StateNow> => {
      fake.calls.push(`${stream} state`);
      return Promise.resolve({ state: jsonText(stateOf(stream)), version: factsOf(stream).length, isClosed: false });
    },
    answered: () => {
      fake.calls.push(`${stream} answered`);
      return Promise.resolve(undefined);
    },
    async execute(request) {
      fake.calls.push(`${stream} ${request.command.name}`);
      await fake.beforeExecute(stream, request.command.name);
      return execute(stream, request);
    },
  });
  const fake: FakeAggregates = {
    ports: {
      decider: (category) => deciders.find((decider) => decider.category === category),
      target: (_, stream) => target(stream),
      ports: () => ({ passwords: {} }) as never,
      now: () => fake.now,
    },
    calls: [],
    beforeExecute: () => undefined,
    now: Date.parse("2026-01-01T00:00:00.000Z"),
    stateOf,
  };
  return fake;
}
