import { z } from "zod";

const secrets = z.registry<{ readonly secret: true }>();

/** Marks a field of a command as secret: it never leaves the decision, and is left out of fingerprints, traces and logs. */
export function secret<const Schema extends z.ZodType>(schema: Schema): Schema {
  secrets.add(schema, { secret: true });
  return schema;
}

/** A value without the fields that its schema marks as secret, at any depth. */
export function withoutSecrets(schema: z.ZodType, value: unknown): unknown {
  const inner = unwrapped(schema);
  if (secrets.has(inner)) return undefined;
  if (inner instanceof z.ZodArray && Array.isArray(value)) return value.map((item) => withoutSecrets(inner.element as z.ZodType, item));
  if (!(inner instanceof z.ZodObject) || typeof value !== "object" || value === null) return value;
  const shape = inner.shape as Readonly<Record<string, z.ZodType>>;
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, field]) => [name, Object.hasOwn(shape, name) ? withoutSecrets(shape[name] as z.ZodType, field) : field])
      .filter(([, field]) => field !== undefined),
  );
}

/** Whether a schema marks anything as secret. */
export function hasSecrets(schema: z.ZodType): boolean {
  const inner = unwrapped(schema);
  if (secrets.has(inner)) return true;
  if (inner instanceof z.ZodArray) return hasSecrets(inner.element as z.ZodType);
  return inner instanceof z.ZodObject && Object.values(inner.shape as Readonly<Record<string, z.ZodType>>).some(hasSecrets);
}

function unwrapped(schema: z.ZodType): z.ZodType {
  let inner = schema;
  while (!secrets.has(inner) && (inner instanceof z.ZodOptional || inner instanceof z.ZodNullable || inner instanceof z.ZodDefault)) {
    inner = inner.unwrap() as z.ZodType;
  }
  return inner;
}
