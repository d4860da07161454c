/** A JSON Schema, as Zod writes it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Says nothing of which values are allowed. */
const TOLD_ONLY = new Set(["$schema", "description", "title", "examples", "default", "example"]);
/** Bounds that may go down, and bounds that may go up: more is allowed than before. */
const LOWER = new Set(["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"]);
const UPPER = new Set(["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"]);

/**
 * What in a schema is no addition to the one before: each breach with its path. Additions are fields that may be missing, values of an
 * enumeration, wider bounds, and a pattern or a format that is asked for no more. A field that was always there must stay so: who reads
 * events counts on it.
 */
export function breaches(before: JsonSchema, after: JsonSchema, path = ""): readonly string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((name) => !TOLD_ONLY.has(name));
  return names.flatMap((name) => breachesOf(name, before, after, path));
}

function breachesOf(name: string, before: JsonSchema, after: JsonSchema, path: string): readonly string[] {
  const [was, is] = [before[name], after[name]];
  if (JSON.stringify(was) === JSON.stringify(is)) return [];
  const said = `${path || "/"}: ${name} was ${JSON.stringify(was) ?? "not there"}, is ${JSON.stringify(is) ?? "not there"}`;
  if (name === "properties") return inProperties(asMap(was), asMap(is), path);
  if (name === "required") return inRequired(asList(was), asList(is), { path, known: asMap(before["properties"]) });
  if (name === "enum") return asList(was).every((value) => asList(is).includes(value)) ? [] : [said];
  if (name === "items" || name === "propertyNames" || name === "additionalProperties")
    return isSchema(was) && isSchema(is) ? breaches(was, is, `${path}/*`) : was === false && is === undefined ? [] : [said];
  if (name === "anyOf" || name === "oneOf" || name === "allOf") return inBranches(asList(was), asList(is), { path, said });
  if (LOWER.has(name)) return is === undefined || (was !== undefined && Number(is) <= Number(was)) ? [] : [said];
  if (UPPER.has(name)) return is === undefined || (was !== undefined && Number(is) >= Number(was)) ? [] : [said];
  if ((name === "pattern" || name === "format") && is === undefined) return [];
  return [said];
}

function inProperties(was: ReadonlyMap<string, unknown>, is: ReadonlyMap<string, unknown>, path: string): readonly string[] {
  return [...was].flatMap(([name, schema]) => {
    const next = is.get(name);
    return isSchema(next) ? breaches(schema as JsonSchema, next, `${path}/${name}`) : [`${path}/${name}: the field is gone`];
  });
}

function inRequired(
  was: readonly unknown[],
  is: readonly unknown[],
  { path, known }: { path: string; known: ReadonlyMap<string, unknown> },
): readonly string[] {
  const more = is.filter((name) => !was.includes(name)).map(String);
  return [
    ...more.map(
      (name) => `${path}/${name}: ${known.has(name) ? "could be missing and is required now" : "a new field that is required, which no stored event has"}`,
    ),
    ...was.filter((name) => !is.includes(name)).map((name) => `${path}/${String(name)}: was always there and may be missing now`),
  ];
}

function inBranches(was: readonly unknown[], is: readonly unknown[], { path, said }: { readonly path: string; readonly said: string }): readonly string[] {
  if (was.length !== is.length) return [said];
  return was.flatMap((branch, index) => breaches(branch as JsonSchema, is[index] as JsonSchema, `${path}(${index + 1})`));
}

const isSchema = (value: unknown): value is JsonSchema => typeof value === "object" && value !== null && !Array.isArray(value);
const asMap = (value: unknown): ReadonlyMap<string, unknown> => new Map(isSchema(value) ? Object.entries(value) : []);
const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
