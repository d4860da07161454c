import { compileCel } from "./cel.ts";
import type { FilterFault } from "./fault.ts";
import { holds } from "./judge.ts";
import { readPattern } from "./pattern.ts";
import { ruleOf } from "./rule.ts";

export type { FilterFault } from "./fault.ts";

/** A filter that is ready for events, or all that is wrong with it. */
export type CompiledFilter =
  | {
      readonly ok: true;
      /**
       * Whether it lets an event through, which is the event as the API gives it. Pure. Throws only an Error of the code
       * `filter_too_costly`: a large event and a filter made for it would have taken more steps than there are.
       */
      matches(event: Readonly<Record<string, unknown>>): boolean;
    }
  | { readonly ok: false; readonly faults: readonly FilterFault[] };

/** An object is an EventBridge pattern, a text a CEL expression over the variable `event`. */
export function compileFilter(filter: unknown): CompiledFilter {
  return typeof filter === "string" ? compileCel(filter) : compilePattern(filter);
}

/**
 * A pattern, with all operators of AWS's "Comparison operators for use in event patterns"
 * (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html). It differs, beside its limits, in this:
 * a name with dots is one name and not a path; `$or` is never a field; numbers are doubles, without AWS's bounds; an address is compared
 * as a text where it stands as one, a block may be one address, and bits behind its prefix do not count; one path is asked for once where
 * conditions hold together; what must be absent is judged after all else, whatever place its name has in the alphabet.
 */
function compilePattern(filter: unknown): CompiledFilter {
  const read = readPattern(filter);
  if (!read.ok) return read;
  const made = ruleOf(read.conditions);
  if (!made.ok) return made;
  return { ok: true, matches: (event) => holds(made.rule, event) };
}
