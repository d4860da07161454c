import { kebabName, kebabOf, pascalName } from "./names.ts";
import { looksPast } from "./past-tense.ts";
import type { Plan } from "./plan.ts";
import { type Aggregate, aggregateOf } from "./project.ts";
import { stopped } from "./refusal.ts";
import { type Addition, withAdditions } from "./source-edit.ts";

interface EventOptions {
  /** The state's field that says when it happened. */
  readonly field?: string | undefined;
}

/** A new event of an aggregate: its schema, its step in evolve, the state's field that it sets, and a spec. */
export async function eventPlan(root: string, [domain, aggregate, event]: readonly (string | undefined)[], options: EventOptions): Promise<Plan> {
  const found = await aggregateOf(root, kebabName("domain", domain), kebabName("aggregate", aggregate));
  const name = pascalName("event", event, "TicketClosed");
  if (hasEvent(found, name)) throw stopped("refused", `expected no event ${name} of ${found.name.kebab} yet, but ${found.path} has it`);
  const field = options.field ?? fieldOf(found, name);
  const spec = `test/unit/domains/${found.domain}/${kebabOf(name)}.test.ts`;
  return {
    creates: { [spec]: specText(found, name, field) },
    edits: { [found.path]: withAdditions(found.path, found.text, eventAdditions(found, name, field)) },
    warnings: eventWarnings(name),
    next: [
      `npx vitest run --config test/vitest.config.mts --project unit ${spec}`,
      `give its data in ${found.path}, and a command that decides it: npx rivulet generate command ${found.domain} ${found.name.kebab} NAME --event ${name}`,
    ],
  };
}

/** Whether an aggregate has an event, by its name without the namespace. */
export function hasEvent({ decider }: Aggregate, name: string): boolean {
  return [...decider.forms.values()].some((form) => form.name === name);
}

/** Says so where a fact's name is none of the past. */
export function eventWarnings(name: string): readonly string[] {
  return looksPast(name) ? [] : [`${name} does not look like the past tense; an event is a fact, such as TicketClosed`];
}

/** `TicketClosed` of a ticket gives `closedAt`; `CommentAdded` gives `commentAddedAt`. */
export function fieldOf({ name: { pascal } }: Aggregate, event: string): string {
  const said = event.startsWith(pascal) && event.length > pascal.length ? event.slice(pascal.length) : event;
  return `${said.charAt(0).toLowerCase()}${said.slice(1)}At`;
}

/** Whether the state declares a field. */
export function hasField({ text, state }: Aggregate, field: string): boolean {
  const [, body = ""] = new RegExp(`^(?:export )?interface ${state}\\b[^\\n]*\\{\\n([\\s\\S]*?)^\\}`, "m").exec(text) ?? [];
  return new RegExp(`^ {2}readonly ${field}\\??:`, "m").test(body);
}

/** What an event adds to its aggregate's file. */
export function eventAdditions(found: Aggregate, name: string, field: string): readonly Addition[] {
  if (!/^[a-z][A-Za-z0-9]{0,59}$/.test(field)) throw stopped("usage", `expected a field's name, such as closedAt, got "${field}"`);
  if (hasField(found, field)) throw stopped("refused", `expected no ${field} in ${found.state} yet, but ${found.path} has it: say another with --field`);
  return [
    {
      to: `the events ${found.events}`,
      openings: [new RegExp(`^export const ${found.events} = defineEvents\\(`)],
      entry: `  ${name}: z.object({ at: z.iso.datetime() }),`,
    },
    {
      to: `the state ${found.state}`,
      openings: [new RegExp(`^(?:export )?interface ${found.state}\\b.*\\{`)],
      entry: `  /** When ${name} happened. */\n  readonly ${field}?: string;`,
    },
    { to: "evolve", openings: [/^ {2}evolve: \{/], entry: `    ${name}: (state, { data }) => ({ ...state, ${field}: data.at }),` },
  ];
}

function specText({ domain, constant, events, name: { kebab } }: Aggregate, event: string, field: string): string {
  return `import { expect, test } from "vitest";
import { ${constant}, ${events} } from "../../../../src/domains/${domain}/${kebab}.ts";

const at = "2026-01-01T00:00:00.000Z";

test("${event} is in the state, with its time", () => {
  expect(${constant}.evolve(${constant}.initialState(), ${events}.${event}({ at }))).toEqual({ ...Object(${constant}.initialState()), ${field}: at });
});
`;
}
