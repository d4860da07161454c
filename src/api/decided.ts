import { categoryOf, type Decider, type EventForm, pathText, upcast } from "../kernel/index.ts";
import type { EventDraft } from "../../durable-objects/aggregate/contract.ts";
import { invalidInput } from "./endpoint.ts";
import type { InputError } from "./problem.ts";
import type { Services } from "./services.ts";

/**
 * What comes in past a decider must at least be what its aggregate can fold: one of its event types, in a form that it knows. Its
 * business rules are not asked. 422 with the paths; undefined where all is well, and for categories without a decider.
 */
export function undecided(
  services: Services,
  stream: string,
  drafts: readonly EventDraft[],
  pathOf: (index: number, field: string) => string,
): Response | undefined {
  const decider = services.decider(categoryOf(stream));
  if (decider === undefined) return undefined;
  const errors = drafts.flatMap((draft, index) => faultsOf(decider, draft, (field) => pathOf(index, field)));
  return errors.length > 0 ? invalidInput(errors) : undefined;
}

function faultsOf(decider: Decider, draft: EventDraft, path: (field: string) => string): readonly InputError[] {
  const form = decider.forms.get(draft.type);
  if (form === undefined) {
    return [{ path: path("type"), message: `Expected an event of the aggregate ${decider.category}: ${[...decider.forms.keys()].join(", ")}` }];
  }
  if (draft.schemaVersion > form.schemaVersion) {
    return [{ path: path("schemaVersion"), message: `Expected a version of ${draft.type} up to ${form.schemaVersion}, got ${draft.schemaVersion}` }];
  }
  if (draft.cloudevent?.dataform !== undefined) return [{ path: path("data"), message: "Expected data that is JSON" }];
  return schemaFaults(form, draft, path("data"));
}

/** By the schema of the form that it claims to be, and, brought to the newest, by that one's too. */
function schemaFaults(form: EventForm, { schemaVersion, data }: EventDraft, path: string): readonly InputError[] {
  const value: unknown = JSON.parse(data);
  const parsed = (form.was[schemaVersion - 1]?.schema ?? form.schema).safeParse(value);
  const newest = parsed.success ? form.schema.safeParse(upcast(form, schemaVersion, value)) : parsed;
  if (newest.success) return [];
  return newest.error.issues.map(({ path: at, message }) => ({
    path: [path, pathText(at as (string | number)[])].filter((part) => part !== "").join("."),
    message,
  }));
}
