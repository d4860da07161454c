import { kebabName, kebabOf, pascalName } from "./names.ts";
import { eventAdditions, eventWarnings, fieldOf, hasEvent, hasField } from "./event.ts";
import { eventOf } from "./past-tense.ts";
import type { Plan } from "./plan.ts";
import { type Aggregate, aggregateOf } from "./project.ts";
import { stopped } from "./refusal.ts";
import { type Addition, withAdditions } from "./source-edit.ts";

interface CommandOptions {
  /** The event that it decides; derived from its own name otherwise. */
  readonly event?: string | undefined;
  /** The state's field that says when that happened. */
  readonly field?: string | undefined;
}

/** A new command of an aggregate, with its event where there is none yet, and a spec that holds the law of commands. */
export async function commandPlan(root: string, [domain, aggregate, command]: readonly (string | undefined)[], options: CommandOptions): Promise<Plan> {
  const found = await aggregateOf(root, kebabName("domain", domain), kebabName("aggregate", aggregate));
  const name = pascalName("command", command, "CloseTicket");
  if (Object.hasOwn(found.decider.commands, name)) throw stopped("refused", `expected no command ${name} of ${found.name.kebab} yet, but ${found.path} has it`);
  const event = pascalName("event", options.event ?? eventOf(name, found.name.pascal), "TicketClosed");
  const field = options.field ?? fieldOf(found, event);
  const isKnown = hasEvent(found, event);
  if (isKnown && !isGenerated(found, event, field)) {
    throw stopped(
      "refused",
      `expected the event ${event} to be z.object({ at }) and to set ${field} in ${found.state}, as a generated one does, got another. Say another event with --event, or write the command by hand: src/domains/README.md shows how.`,
    );
  }
  const additions = [...(isKnown ? [] : eventAdditions(found, event, field)), ...commandAdditions(found, name, event, field)];
  const spec = `test/unit/domains/${found.domain}/${kebabOf(name)}.test.ts`;
  return {
    creates: { [spec]: specText(found, name, event, field) },
    edits: { [found.path]: withAdditions(found.path, found.text, additions) },
    warnings: isKnown ? [] : eventWarnings(event),
    next: [
      `npx vitest run --config test/vitest.config.mts --project unit ${spec}`,
      `npm start, then POST /v1/aggregates/${found.name.snake}/1/${name} with {}`,
      `say in ${found.path} what ${name} takes, and when it is refused`,
    ],
  };
}

function isGenerated(found: Aggregate, event: string, field: string): boolean {
  return hasField(found, field) && found.text.includes(`  ${event}: z.object({ at: z.iso.datetime() }),`);
}

/** Aggregates that were generated know by this field whether they are there at all. */
function knowsItsBirth(found: Aggregate): boolean {
  const { text, name } = found;
  return (
    hasField(found, "createdAt") &&
    text.includes(`  ${name.pascal}Created: z.object({ name, at: z.iso.datetime() }),`) &&
    /^import \{.*\breject\b.*\} from/m.test(text)
  );
}

function commandAdditions(found: Aggregate, name: string, event: string, field: string): readonly Addition[] {
  const isBorn = knowsItsBirth(found) && field !== "createdAt";
  const decided = `${found.events}.${event}({ at: now })`;
  const step = isBorn
    ? `    ${name}(_, { createdAt, ${field} }, { now }) {
      if (createdAt === undefined) return reject("no_such_${found.name.snake}", "There is none of this id yet: Create${found.name.pascal} makes one.");
      return ${field} === undefined ? ${decided} : [];
    },`
    : `    ${name}: (_, { ${field} }, { now }) => (${field} === undefined ? ${decided} : []),`;
  return [
    { to: "the commands", openings: [/^ {2}commands: \{/, /^const commands = \{/], entry: `    ${name}: z.object({}),` },
    { to: "decide", openings: [/^ {2}decide: \{/], entry: step },
  ];
}

function specText(found: Aggregate, name: string, event: string, field: string): string {
  const { domain, constant, events, name: one } = found;
  const isBorn = knowsItsBirth(found) && field !== "createdAt";
  const history = isBorn ? `, ${events}.${one.pascal}Created({ name: "first", at })` : "";
  const refused = `
test("${name} of one that is not there is refused", () => {
  given(${constant}).when("${name}", {}).thenRejected("no_such_${one.snake}");
});
`;
  return `import { test } from "vitest";
import { ${constant}, ${events} } from "../../../../src/domains/${domain}/${one.kebab}.ts";
import { given } from "../../../../src/testing/index.ts";

const at = "2026-01-01T00:00:00.000Z";

test("${name} is decided once", () => {
  given(${constant}${history}).when("${name}", {}).then(${events}.${event}({ at })).thenOnce();
});
${isBorn ? refused : ""}`;
}
