import type { parse } from "@bufbuild/cel";
import { APPEND } from "./cel-functions.ts";
import { CLOCK_METHODS, FUNCTION_NAMES, FUNCTIONS, MACROS, TYPE_NAMES } from "./cel-grammar.ts";
import { MOST_INSTRUCTIONS, regexSize } from "./cel-regex.ts";
import type { Faults } from "./fault.ts";

type Parsed = ReturnType<typeof parse>;
type Expr = Parsed["expr"];
type Kind<Case extends Expr["exprKind"]["case"]> = Extract<Expr["exprKind"], { case: Case }> extends { readonly value: infer Value } ? Value : never;

/** The one variable of an expression. */
export const EVENT = "event";

/** The deepest expression: its evaluation takes the stack for each level. */
const MOST_LEVELS = 200;

/** What naming a time zone costs against any other step: a calendar is made for it each time. */
const ZONE_STEPS = 1_000;

/**
 * What the library leaves to the evaluation is refused here: names and functions that are not there, a macro within a macro, regular
 * expressions that are not written out, a result that is never true or false. Gives the steps of one more element in a macro.
 *
 * It also makes the lists of `map` and `filter` grow in place.
 */
export function checkExpression({ expr, sourceInfo }: Parsed, faults: Faults): { readonly stepsPerItem: number } {
  const check = new Check(faults, (id) => sourceInfo?.positions[String(id)] ?? 0);
  check.visit(expr, { names: new Set([EVENT]), levels: MOST_LEVELS, isInMacro: false });
  if (faults.found.length === 0 && !mayBeBool(expr)) faults.add([], "an expression that is true or false", "one that never is");
  return { stepsPerItem: check.stepsPerItem };
}

interface Surroundings {
  readonly names: ReadonlySet<string>;
  readonly levels: number;
  readonly isInMacro: boolean;
}

class Check {
  stepsPerItem = 1;
  #instructions = 0;
  readonly #faults: Faults;
  readonly #positionOf: (id: bigint) => number;

  constructor(faults: Faults, positionOf: (id: bigint) => number) {
    this.#faults = faults;
    this.#positionOf = positionOf;
  }

  /** Gives what an expression costs, in steps. */
  visit(expr: Expr | undefined, around: Surroundings): number {
    if (expr === undefined) return 0;
    if (around.levels === 0) return this.#tell(expr, `at most ${MOST_LEVELS} levels`, "more");
    const inside = { ...around, levels: around.levels - 1 };
    const { exprKind: kind } = expr;
    switch (kind.case) {
      case "identExpr":
        return this.#name(expr, kind.value.name, around);
      case "selectExpr":
        return 1 + this.visit(kind.value.operand, inside);
      case "listExpr":
        return 1 + this.#all(kind.value.elements, inside);
      case "structExpr":
        return this.#map(expr, kind.value, inside);
      case "callExpr":
        return this.#call(expr, kind.value, inside);
      case "comprehensionExpr":
        return this.#macro(expr, kind.value, inside);
      default:
        return 1;
    }
  }

  #all(exprs: readonly (Expr | undefined)[], around: Surroundings): number {
    return exprs.reduce((steps, expr) => steps + this.visit(expr, around), 0);
  }

  #name(expr: Expr, name: string, { names }: Surroundings): number {
    if (!names.has(name) && !TYPE_NAMES.includes(name)) this.#tell(expr, `the variable ${EVENT}, or one of a macro around`, name);
    return 1;
  }

  #map(expr: Expr, { messageName, entries }: Kind<"structExpr">, around: Surroundings): number {
    if (messageName !== "") this.#tell(expr, "no messages in an expression", `${messageName}{…}`);
    return (
      1 +
      entries.reduce(
        (steps, { keyKind, value }) => steps + this.visit(keyKind.case === "mapKey" ? keyKind.value : undefined, around) + this.visit(value, around),
        0,
      )
    );
  }

  #call(expr: Expr, { function: name, target, args }: Kind<"callExpr">, around: Surroundings): number {
    const form = FUNCTIONS.get(name);
    const given = args.length + (target === undefined ? 0 : 1);
    if (form === undefined) this.#tell(expr, `one of the functions ${FUNCTION_NAMES.join(", ")} or, over a list, ${MACROS.join(", ")}`, name);
    else if (!form.arguments.includes(given) || (target === undefined ? form.calls === "method" : form.calls === "function"))
      this.#tell(
        expr,
        `${name} to be called as ${form.calls === "function" ? `${name}(x)` : `x.${name}(${form.arguments.includes(2) ? "y" : ""})`}`,
        "another form",
      );
    else if (name === "matches") this.#regex(expr, args[0] as Expr);
    const steps = CLOCK_METHODS.includes(name) && given === 2 ? ZONE_STEPS : 1;
    return steps + this.visit(target, around) + this.#all(args, around);
  }

  /** A text that comes with the event could be any expression, and would have to be compiled for each. */
  #regex(expr: Expr, pattern: Expr): void {
    const constant = pattern.exprKind.case === "constExpr" ? pattern.exprKind.value.constantKind : undefined;
    if (constant?.case !== "stringValue") return void this.#tell(expr, "matches with a regular expression that is written out", "one that is worked out");
    const read = regexSize(constant.value);
    if (!read.ok) return void this.#tell(pattern, read.expected, read.got);
    this.#instructions += read.size;
    if (this.#instructions > MOST_INSTRUCTIONS && this.#instructions - read.size <= MOST_INSTRUCTIONS)
      this.#tell(pattern, `regular expressions of at most ${MOST_INSTRUCTIONS} instructions together`, `${this.#instructions} up to this one`);
  }

  #macro(expr: Expr, { iterRange, iterVar, accuVar, accuInit, loopCondition, loopStep }: Kind<"comprehensionExpr">, around: Surroundings): number {
    if (around.isInMacro) return this.#tell(expr, `${MACROS.join(", ")} beside each other`, "one within another");
    const range = this.visit(iterRange, { ...around, isInMacro: true });
    const inside = { ...around, isInMacro: true, names: new Set([...around.names, iterVar, accuVar]) };
    const body = this.#all([loopCondition, loopStep], inside);
    this.stepsPerItem = Math.max(this.stepsPerItem, body);
    if (accuInit?.exprKind.case === "listExpr") growInPlace(loopStep, accuVar);
    return range + body;
  }

  #tell(expr: Expr, expected: string, got: string): 0 {
    this.#faults.add([], expected, `${got} (at character ${this.#positionOf(expr.id) + 1})`);
    return 0;
  }
}

/** Gives the call that adds a result to the others a name of its own. Of `filter` and the longer `map` it is a branch. */
function growInPlace(step: Expr | undefined, accumulator: string): void {
  if (step?.exprKind.case !== "callExpr") return;
  const call = step.exprKind.value;
  if (call.function === "_?_:_") growInPlace(call.args[1], accumulator);
  const [first] = call.args;
  if (call.function === "_+_" && first?.exprKind.case === "identExpr" && first.exprKind.value.name === accumulator) call.function = APPEND;
}

/** Whether an expression can be true or false at all, as far as that shows before there is an event. */
function mayBeBool({ exprKind: kind }: Expr): boolean {
  switch (kind.case) {
    case "constExpr":
      return kind.value.constantKind.case === "boolValue";
    case "selectExpr":
      return true;
    case "callExpr": {
      const { function: name, args } = kind.value;
      if (name === "_?_:_") return args.slice(1).some(mayBeBool);
      return name === "_[_]" || name === "dyn" || FUNCTIONS.get(name)?.isBool === true;
    }
    case "comprehensionExpr":
      return kind.value.accuInit?.exprKind.case !== "listExpr";
    default:
      return false;
  }
}
