import { parse, plan } from "@bufbuild/cel";
import { isLongerThan } from "../../kernel/index.ts";
import { checkExpression, EVENT } from "./cel-check.ts";
import { celEnvironment } from "./cel-functions.ts";
import { celEvent } from "./cel-values.ts";
import type { CompiledFilter } from "./compile-filter.ts";
import { Faults } from "./fault.ts";
import { meter } from "./meter.ts";

/** The longest expression, in characters. */
const LONGEST = 2_048;

/**
 * Steps that an expression has for one event, about half a second of them at the very worst. The library knows no limit, and a short
 * expression over a large event can ask for work in the square of its size. A step is about a value that is read.
 */
const MOST_STEPS = 1_000_000;

/**
 * Compiles a CEL expression (https://github.com/google/cel-spec) over the variable `event`. Where its result is anything but true, be it
 * another value or an error, such as a field that is not there, the event does not match. Numbers are doubles; there are no bytes and
 * no messages; regular expressions are RE2's.
 */
export function compileCel(text: string): CompiledFilter {
  const faults = new Faults();
  const program = compiled(text, faults);
  if (program === undefined) return { ok: false, faults: faults.found };
  const { run, stepsPerItem } = program;
  return {
    ok: true,
    matches(event) {
      meter.begin(MOST_STEPS);
      const result = withoutTraces(() => run({ [EVENT]: celEvent(event, stepsPerItem) }));
      if (meter.isSpent) throw meter.tooCostly();
      return result === true;
    },
  };
}

function compiled(text: string, faults: Faults): { readonly run: (variables: Record<string, unknown>) => unknown; readonly stepsPerItem: number } | undefined {
  if (isLongerThan(text, LONGEST)) return faults.add([], `an expression of at most ${LONGEST} characters`, `${text.length}`);
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(text);
  } catch (fault) {
    return faults.add([], "a CEL expression", `one that cannot be read: ${fault instanceof Error ? fault.message : String(fault)}`);
  }
  const { stepsPerItem } = checkExpression(parsed, faults);
  if (faults.found.length > 0) return undefined;
  return { run: plan(celEnvironment(), parsed) as (variables: Record<string, unknown>) => unknown, stepsPerItem };
}

/** Each field that is not there is an Error to the library, and eight tenths of its time would go into traces of the stack. */
function withoutTraces<Result>(work: () => Result): Result {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return work();
  } finally {
    Error.stackTraceLimit = before;
  }
}
