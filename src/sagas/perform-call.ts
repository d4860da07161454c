import { type DueCall, type ErasedStep, type PortToken, retryDelay, type Saga, type SagaFailure, type SagaLesson } from "../kernel/index.ts";
import { definitionFor } from "./saga-decider.ts";
import { codeTracing } from "../tracing/traced.ts";
import type { SagaState } from "./state.ts";

/** What a call beyond the platform may take (milliseconds). */
const MOST_TIME = 30_000;

/** What came of sending a command: `code` and `isNo` of one that was refused. */
export type SentOutcome = { readonly ok: true } | { readonly ok: false; readonly isNo: boolean; readonly code: string; readonly detail: string };

/** What performing calls reaches. */
export interface CallPorts {
  /** The same for each attempt: of a command ever, of a call beyond in its round. */
  readonly key: string;
  readonly tenant: string;
  send(command: NonNullable<DueCall["command"]>, key: string): Promise<SentOutcome>;
  port<Port>(token: PortToken<Port>): Port;
  now(): number;
  chance(): number;
  /** What a call beyond the platform may take (milliseconds); 30 s where left out. */
  readonly mostMs?: number;
}

/** What came of a call. `due` (RFC 3339): when it is tried again; left out where its attempts are over. */
export type Performed =
  | { readonly outcome: "done"; readonly learned?: Readonly<Record<string, unknown>>; readonly accepted?: string }
  | { readonly outcome: "rejected"; readonly error: string }
  | { readonly outcome: "failed"; readonly error: string; readonly due?: string };

/** Makes one call of a step: a command, or its call beyond. Never rejects. A "no" is the step's; what could not be done is tried again as the step says. */
export async function performCall(saga: Saga, state: SagaState, call: DueCall, ports: CallPorts): Promise<Performed> {
  const definition = definitionFor(saga, state);
  const step = definition?.groups.flat().find(({ name }) => name === call.step);
  try {
    if (call.command !== undefined) {
      return sentOutcome(step, call, await ports.send(call.command, ports.key), ports);
    }
    if (step === undefined) return { outcome: "failed", error: "This code does not have the step any more." };
    const { key, tenant, port, mostMs = MOST_TIME } = ports;
    const signal = AbortSignal.timeout(mostMs);
    // A port need not mind the signal, and nothing else would end the waiting.
    return saidOutcome(await Promise.race([step.call(state.data, { key, tenant, signal, port, trace: codeTracing }), late(signal, mostMs)]));
  } catch (fault) {
    return again(step, call, fault instanceof Error ? fault.message : String(fault), ports);
  }
}

/** Fails when the time is over. */
function late(signal: AbortSignal, mostMs: number): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error(`It took longer than ${mostMs} ms.`)), { once: true }));
}

type Clock = Pick<CallPorts, "now" | "chance">;

/** What a command's answer means for its step: a "no" that the command accepts is as good as a yes. */
export function sentOutcome(step: ErasedStep | undefined, call: DueCall, sent: SentOutcome, clock: Clock): Performed {
  if (sent.ok) return { outcome: "done" };
  if (sent.isNo && call.command?.accepts?.includes(sent.code)) return { outcome: "done", accepted: sent.code };
  const error = `${call.command?.category} ${call.command?.command}: ${sent.code}${sent.detail === "" ? "" : `, ${sent.detail}`}`;
  return sent.isNo ? { outcome: "rejected", error } : again(step, call, error, clock);
}

/** What the answer of a call beyond means for its step. */
export function saidOutcome(said: SagaFailure | SagaLesson | void): Performed {
  if (said === undefined) return { outcome: "done" };
  return "failed" in said ? { outcome: "rejected", error: said.failed } : { outcome: "done", learned: said.learned as Readonly<Record<string, unknown>> };
}

/** What a failed attempt means: it is tried again as the step says, or its attempts are over. */
export function again(step: ErasedStep | undefined, { failures }: DueCall, error: string, { now, chance }: Clock): Performed {
  const retry = step?.retry ?? { maxAttempts: 8, minDelayMs: 1_000, maxDelayMs: 60_000 };
  if (failures + 1 >= retry.maxAttempts) return { outcome: "failed", error };
  return { outcome: "failed", error, due: new Date(now() + retryDelay(retry, failures + 1, chance())).toISOString() };
}
