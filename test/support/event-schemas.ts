import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { alerting } from "../../src/alerts/alerting.ts";
import { reservation } from "../../src/commands/reservation.ts";
import { tenant } from "../../src/identity/tenant.ts";
import { modules } from "../../src/domains/index.ts";
import { handlerOperations } from "../../src/followers/handler-operations.ts";
import { subscription } from "../../src/followers/subscription.ts";
import { issuer, issuerClaim } from "../../src/identity/issuer.ts";
import { key } from "../../src/identity/key.ts";
import { origins } from "../../src/identity/origins.ts";
import { role } from "../../src/identity/role.ts";
import { type Decider, type EventForm, together, upcast } from "../../src/kernel/index.ts";
import { sagaDecider } from "../../src/sagas/saga-decider.ts";
import { source } from "../../src/webhooks/source.ts";
import { validValues } from "./valid-values.ts";
import { breaches, type JsonSchema } from "./schema-changes.ts";

const root = new URL("../../", import.meta.url).pathname;
const FILE = `${root}test/fixtures/event-schemas.json`;

/** A form in which events are stored: its schema, and data as it was written. */
export interface StoredForm {
  readonly schema: JsonSchema;
  readonly examples: readonly unknown[];
}

/** By event type: its forms, that of schemaVersion 1 first. */
export type StoredForms = Readonly<Record<string, readonly StoredForm[]>>;

const domains = together(modules);

/** The platform's own aggregates, by the names that src/platform-composed.ts has for them. */
export const OWN = { source, reservation, subscription, handlerOperations, key, tenant, issuer, issuerClaim, origins, role, alerting };

/** What events from outside may come to, in any order. */
export const open: readonly Decider[] = [...Object.values(OWN), ...domains.deciders];

/** All that is decided anywhere; of a saga every instance begins with its own first event. */
const deciders: readonly Decider[] = [...open, ...domains.sagas.map(sagaDecider)];

/** Every event's form, by type. Throws where two aggregates mean different things by one type. */
export function formsNow(all: readonly Pick<Decider, "category" | "forms">[] = deciders): ReadonlyMap<string, EventForm> {
  const forms = new Map<string, EventForm>();
  for (const { category, forms: own } of all) {
    for (const [type, form] of own) {
      const known = forms.get(type);
      if (known !== undefined && JSON.stringify(schemasOf(known)) !== JSON.stringify(schemasOf(form)))
        throw new TypeError(`expected one meaning of ${type}, got another in the category ${category}`);
      forms.set(type, form);
    }
  }
  return forms;
}

/** The JSON Schemas of an event: what is stored under schemaVersion 1, 2, 3… */
export function schemasOf({ was, schema }: EventForm): readonly JsonSchema[] {
  return [...was.map((past) => past.schema), schema].map((form) => {
    const { $schema: _, ...described } = z.toJSONSchema(form, { io: "output", unrepresentable: "any" });
    return withoutClosing(described) as JsonSchema;
  });
}

/** An output's objects are closed in Zod's words; a stored event may come from newer code, and have more. */
function withoutClosing(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutClosing);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([name, inner]) => name !== "additionalProperties" || inner !== false);
  return Object.fromEntries(kept.map(([name, inner]) => [name, withoutClosing(inner)]));
}

/** What is committed. */
export function storedForms(): StoredForms {
  return JSON.parse(readFileSync(FILE, "utf8")) as StoredForms;
}

/** Where code means other things by stored events than the file says: each with what to do about it. */
export function changedMeanings(stored: StoredForms, forms: ReadonlyMap<string, EventForm>): readonly string[] {
  return Object.entries(stored).flatMap(([type, versions]) => {
    const form = forms.get(type);
    if (form === undefined)
      return [`${type} is declared no more, but events of it are stored: a decider must go on declaring it, whether it still decides it or not.`];
    const now = schemasOf(form);
    return versions.flatMap(({ schema }, index) => {
      const next = now[index];
      if (next === undefined) return [`${type}: schemaVersion ${index + 1} is gone, but events of it are stored.`];
      const found = breaches(schema, next);
      return found.length === 0 ? [] : [`${type}, schemaVersion ${index + 1}: ${found.join("; ")}. ${HOW_TO}`];
    });
  });
}

const HOW_TO =
  "A stored event is never edited: leave this form as it was, and give the event a new one, event(<new schema>, { was: [past(<this schema>, (data) => <data of the new form>)] })";

/** What the file should be: the forms that there are, with the examples that are known, and new ones for new forms. */
export function formsToStore(stored: StoredForms, forms: ReadonlyMap<string, EventForm>): StoredForms {
  const types = [...forms].toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(
    types.map(([type, form]) => [
      type,
      schemasOf(form).map((schema, index) => ({ schema, examples: stored[type]?.[index]?.examples ?? examplesOf(form, index, schema) })),
    ]),
  );
}

/** The plainest data of a form that its code takes too, and the one with the fewest fields. */
function examplesOf({ type, was, schema: newest }: EventForm, index: number, schema: JsonSchema): readonly unknown[] {
  const own = was[index]?.schema ?? newest;
  const parsed = validValues(schema, 1).flatMap((value) => own.safeParse(value).data ?? []);
  const valid = parsed.filter((value) => JSON.stringify(value).length < 2_000);
  if (valid.length === 0) throw new Error(`expected to find data of ${type}, schemaVersion ${index + 1}: give its "examples" in ${FILE} by hand`);
  const bySize = valid.toSorted((one, other) => fieldsOf(one) - fieldsOf(other));
  return [...new Set([bySize.at(-1), bySize[0]].map((value) => JSON.stringify(value)))].map((text) => JSON.parse(text) as unknown);
}

const fieldsOf = (value: unknown): number => (typeof value === "object" && value !== null ? Object.keys(value).length : 0);

/** Why data of a schemaVersion is not what the newest form says once its upcasters are through; undefined where it is. */
export function whyNotNewest(form: EventForm, schemaVersion: number, data: unknown): string | undefined {
  try {
    return form.schema.safeParse(upcast(form, schemaVersion, data)).error?.message;
  } catch (fault) {
    return String(fault);
  }
}

/** Writes the file anew. Throws where that would hide a change of meaning. */
export function writeForms(): void {
  const forms = formsNow();
  const stored = storedForms();
  const changed = changedMeanings(stored, forms);
  if (changed.length > 0) throw new Error(`expected additions alone, so nothing was written: ${changed.join("\n")}`);
  writeFileSync(FILE, JSON.stringify(formsToStore(stored, forms), null, 2));
  execFileSync(`${root}node_modules/.bin/oxfmt`, [FILE]);
}
