/** A JSON Schema of the description, as far as the page shows it. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly not?: Schema;
  readonly additionalProperties?: boolean | Schema;
  readonly format?: string;
  readonly pattern?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

/** The name that a `$ref` to a component has. */
export function nameOf(ref: string): string {
  return ref.slice(ref.lastIndexOf("/") + 1);
}

/** A schema as text, much as TypeScript would write it. */
export function schemaText(schema: Schema, indent = ""): string {
  if (schema.$ref !== undefined) return nameOf(schema.$ref);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const several = schema.anyOf ?? schema.oneOf;
  if (several) return several.map((one) => schemaText(one, indent)).join(" | ");
  if (schema.allOf) return schema.allOf.map((one) => schemaText(one, indent)).join(" & ");
  if (schema.items) return `${arrayOf(schemaText(schema.items, indent))}${bounds(schema.minItems, schema.maxItems)}`;
  if (schema.properties) return objectText(schema, indent);
  const types = typeof schema.type === "string" ? [schema.type] : (schema.type ?? ["any"]);
  const { minimum = schema.minLength, maximum = schema.maxLength } = schema;
  const format = schema.format === undefined ? "" : ` (${schema.format})`;
  return `${types.join(" | ")}${format}${bounds(minimum, maximum)}`;
}

function arrayOf(item: string): string {
  return item.includes("|") || item.includes("&") ? `(${item})[]` : `${item}[]`;
}

function bounds(least: number | undefined, most: number | undefined): string {
  const known = most === undefined || most >= Number.MAX_SAFE_INTEGER ? undefined : most;
  if (least === undefined && known === undefined) return "";
  return ` [${least ?? ""}…${known ?? ""}]`;
}

function objectText({ properties = {}, required = [], additionalProperties }: Schema, indent: string): string {
  const deeper = `${indent}  `;
  const lines = Object.entries(properties)
    // What is refused whatever it is (`not: {}`) is not something to send.
    .filter(([, property]) => property.not === undefined)
    .map(([name, property]) => `${deeper}${name}${required.includes(name) ? "" : "?"}: ${schemaText(property, deeper)}`);
  if (additionalProperties !== undefined && additionalProperties !== false) lines.push(`${deeper}…`);
  return lines.length === 0 ? "{}" : `{\n${lines.join("\n")}\n${indent}}`;
}
