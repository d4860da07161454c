import type { Operation, Outcome, Refusal, Result, SeenEvent } from "./operation.ts";

/** A line of a history. `seq` counts all entries: a call whose first entry comes after another's last one began after that had ended. */
export type Entry = { readonly seq: number; readonly call: number } & ({ readonly phase: "invoke"; readonly operation: Operation } | Outcome);

/** A call under way: one of the three ends it. A call that is never ended counts as unknown. */
export interface Invocation<Of extends Operation> {
  ok(result: Result<Of>): void;
  failed(refusal: Refusal): void;
  /** For a live connection that broke: what was seen of it is checked all the same. */
  unknown(reason: string, seen?: readonly SeenEvent[]): void;
}

/** Records what clients asked and what they were told, in the order in which they learnt it. All clients of a run share one. */
export class History {
  readonly entries: Entry[] = [];
  #calls = 0;

  /** To be called before the request is sent. */
  invoke<Of extends Operation>(operation: Of): Invocation<Of> {
    const call = this.#calls++;
    let isOpen = true;
    const end = (outcome: Outcome): void => {
      if (!isOpen) throw new Error(`expected call ${call} to end once, got ${outcome.phase} after its end`);
      isOpen = false;
      this.entries.push({ seq: this.entries.length, call, ...outcome });
    };
    this.entries.push({ seq: this.entries.length, call, phase: "invoke", operation });
    return {
      ok: (result) => end({ phase: "ok", result }),
      failed: (refusal) => end({ phase: "failed", refusal }),
      unknown: (reason, seen) => end({ phase: "unknown", reason, ...(seen && { seen }) }),
    };
  }

  /** NDJSON: one entry a line. */
  toLines(): string {
    return this.entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
  }
}

/** Reads the entries of `toLines`. Throws for a line that is no JSON, with its number: a last line that was cut off too. */
export function readEntries(lines: string): readonly Entry[] {
  return lines.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return [];
    try {
      return [JSON.parse(line) as Entry];
    } catch (cause) {
      throw new Error(`expected line ${index + 1} of the history to be JSON, got ${line.slice(0, 80)}`, { cause });
    }
  });
}
