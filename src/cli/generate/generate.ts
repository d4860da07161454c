import { parseArgs } from "node:util";
import { ROOT } from "../../local/root.ts";
import { misread } from "../../local/flags.ts";
import { commandPlan } from "./command.ts";
import { domainPlan } from "./domain.ts";
import { eventPlan } from "./event.ts";
import { HELP, HELP_OF } from "./help.ts";
import { carryOut, described, type Plan, ready } from "./plan.ts";
import { projectionPlan } from "./projection.ts";
import { stopCodeOf, stopped } from "./refusal.ts";

const OPTIONS = {
  help: { type: "boolean", short: "h" },
  "dry-run": { type: "boolean" },
  aggregate: { type: "string" },
  event: { type: "string" },
  field: { type: "string" },
} as const;

interface Flags {
  readonly aggregate?: string;
  readonly event?: string;
  readonly field?: string;
}

interface Kind {
  /** How many names it takes, and which flags. */
  readonly names: number;
  readonly flags: readonly (keyof Flags)[];
  readonly plan: (names: readonly (string | undefined)[], flags: Flags) => Promise<Plan>;
}

const KINDS: Readonly<Record<string, Kind>> = {
  domain: { names: 1, flags: ["aggregate"], plan: ([name], { aggregate }) => domainPlan(ROOT, name, { aggregate }) },
  event: { names: 3, flags: ["field"], plan: (names, { field }) => eventPlan(ROOT, names, { field }) },
  command: { names: 3, flags: ["event", "field"], plan: (names, { event, field }) => commandPlan(ROOT, names, { event, field }) },
  projection: { names: 2, flags: ["aggregate"], plan: (names, { aggregate }) => projectionPlan(ROOT, names, { aggregate }) },
};

/** `rivulet generate`: writes all files of a new part or none, and gives the exit code. */
export async function generate(args: readonly string[]): Promise<number> {
  try {
    return await run(args);
  } catch (fault) {
    const code = stopCodeOf(fault);
    if (code === undefined) throw fault;
    console.error(`rivulet generate: ${(fault as Error).message}`);
    return code === "usage" ? 2 : 1;
  }
}

async function run(args: readonly string[]): Promise<number> {
  const { values: flags, positionals } = parsed(args);
  const [name, ...names] = positionals;
  const kind = name !== undefined && Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
  if (flags.help) {
    console.log(kind === undefined ? HELP : HELP_OF[name as string]);
    return 0;
  }
  if (kind === undefined) throw stopped("usage", `expected one of ${Object.keys(KINDS).join(", ")}, got ${name ?? "none"}. See npx rivulet generate --help.`);
  if (names.length !== kind.names)
    throw stopped("usage", `expected ${kind.names} ${kind.names === 1 ? "name" : "names"}, got ${names.length}.\n\n${HELP_OF[name as string]}`);
  const foreign = (["aggregate", "event", "field"] as const).find((flag) => flags[flag] !== undefined && !kind.flags.includes(flag));
  if (foreign !== undefined) throw stopped("usage", `expected no --${foreign} for ${name}. See npx rivulet generate ${name} --help.`);
  const plan = ready(ROOT, await kind.plan(names, flags));
  for (const warning of plan.warnings ?? []) console.warn(`warning: ${warning}`);
  if (flags["dry-run"]) {
    console.log(`${await described(ROOT, plan)}\nNothing was written.`);
    return 0;
  }
  await carryOut(ROOT, plan);
  console.log(told(plan));
  return 0;
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (fault) {
    throw stopped("usage", misread(fault, "npx rivulet generate --help"));
  }
}

function told({ creates, edits, next }: Plan): string {
  const done = [...Object.keys(creates).map((path) => `wrote ${path}`), ...Object.keys(edits).map((path) => `changed ${path}`)];
  return [...done, "", "Next:", ...next.map((line) => `  ${line}`)].join("\n");
}
