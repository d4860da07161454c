import type { EventEnvelope } from "../kernel/index.ts";
import type { SagaState, StepState } from "./state.ts";

/** A line of an instance's story: what happened when, and how the saga stood afterwards. */
export interface StoryLine {
  readonly version: number;
  /** RFC 3339 UTC with milliseconds. */
  readonly at: string;
  readonly type: string;
  readonly step?: string;
  readonly detail?: string;
  readonly state: string;
}

/** An event of an instance, and the state that it led to. */
export interface TelledEvent {
  readonly event: Pick<EventEnvelope, "version" | "recorded" | "type"> & { readonly data: unknown };
  readonly after: SagaState;
}

/** An instance's story as a timeline. */
export function storyOf(events: readonly TelledEvent[]): readonly StoryLine[] {
  return events.map(({ event: { version, recorded, type, data }, after }) => {
    const { step, reason, error, fact } = (data ?? {}) as {
      readonly step?: string;
      readonly reason?: string;
      readonly error?: string;
      readonly fact?: { readonly type: string };
    };
    const detail = reason ?? error ?? fact?.type;
    return { version, at: recorded, type, ...(step !== undefined && { step }), ...(detail !== undefined && { detail }), state: after.status };
  });
}

/** An instance as a Mermaid sequence (https://mermaid.js.org/syntax/sequenceDiagram.html): the saga, and the aggregates it speaks to. */
export function sequenceOf(name: string, { steps, facts }: SagaState, status: string): string {
  const lines = ["sequenceDiagram", `  participant saga as ${plain(name)}`];
  const known = new Map<string, string>();
  const participant = (category: string): string => {
    if (!known.has(category)) {
      known.set(category, `p${known.size}`);
      lines.push(`  participant ${known.get(category)} as ${plain(category)}`);
    }
    return known.get(category) as string;
  };
  for (const [step, state] of Object.entries(steps)) arrowsOf(step, state, participant, lines);
  for (const { type, stream } of facts) lines.push(`  ${participant(stream.slice(0, stream.indexOf("-")))}-->>saga: ${plain(type)}`);
  lines.push(`  Note over saga: ${plain(status)}`);
  return lines.join("\n");
}

function arrowsOf(step: string, { calls, state }: StepState, participant: (category: string) => string, lines: string[]): void {
  for (const { command, state: outcome, error } of calls) {
    const to = participant(command?.category ?? "beyond the platform");
    lines.push(`  saga->>${to}: ${plain(`${step}: ${command?.command ?? "call"}`)}`);
    if (outcome !== "due") lines.push(`  ${to}-->>saga: ${plain(error === undefined || outcome === "done" ? outcome : `${outcome}: ${error}`)}`);
  }
  lines.push(`  Note over saga: ${plain(`${step} ${state}`)}`);
}

/** Text that no part of the syntax reads as its own: everything but letters, digits, spaces and a few signs is left out. */
function plain(text: string): string {
  return (
    text
      .replaceAll(/[^\p{L}\p{N} .,:()_-]/gu, " ")
      .slice(0, 120)
      .trim() || "-"
  );
}
