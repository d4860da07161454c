/** A JSON Schema, its references resolved. */
export type Schema = Readonly<Record<string, unknown>>;

/** Where a parameter stands in a request. */
export type Place = "path" | "query" | "header";

/** A parameter of an operation. */
export interface Parameter {
  readonly name: string;
  readonly in: Place;
  readonly required: boolean;
  readonly schema: Schema;
}

/** An operation of the description, ready to be asked. */
export interface Operation {
  readonly id: string;
  /** In upper case. */
  readonly method: string;
  readonly path: string;
  readonly isPublic: boolean;
  readonly parameters: readonly Parameter[];
  /** The bodies that it takes, by media type. */
  readonly bodies: readonly (readonly [type: string, schema: Schema])[];
}

/** /openapi.json, as far as it is asked from. */
export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, RawOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

interface RawOperation {
  readonly operationId?: string;
  readonly security?: readonly unknown[];
  readonly parameters?: readonly Schema[];
  readonly requestBody?: Schema;
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>>;
}

const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
/** A schema may hold itself; as deep as this it takes anything. */
const MOST_NESTED = 40;

/** Every operation that is described. */
export function operationsOf(document: OpenApi): readonly Operation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      return operation === undefined ? [] : [operationOf(document, { path, method, operation, shared: item["parameters"] as unknown })];
    }),
  );
}

interface Found {
  readonly path: string;
  readonly method: string;
  readonly operation: RawOperation;
  readonly shared: unknown;
}

function operationOf(document: OpenApi, { path, method, operation, shared }: Found): Operation {
  const resolve = (value: unknown): unknown => resolved(document, value, 0);
  const parameters = (resolve([...((shared as unknown[] | undefined) ?? []), ...(operation.parameters ?? [])]) as Schema[])
    .filter((parameter) => parameter["in"] !== "cookie")
    .map((parameter) => ({
      name: String(parameter["name"]),
      in: parameter["in"] as Place,
      required: parameter["required"] === true,
      schema: (parameter["schema"] ?? {}) as Schema,
    }));
  const body = resolve(operation.requestBody ?? {}) as { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> };
  return {
    id: operation.operationId ?? `${method} ${path}`,
    method: method.toUpperCase(),
    path,
    isPublic: operation.security?.length === 0,
    parameters,
    bodies: Object.entries(body.content ?? {}).map(([type, { schema = {} }]) => [type, schema] as const),
  };
}

function resolved(document: OpenApi, value: unknown, depth: number): unknown {
  if (depth > MOST_NESTED) return {};
  if (Array.isArray(value)) return value.map((item) => resolved(document, item, depth + 1));
  if (value === null || typeof value !== "object") return value;
  const reference = (value as Schema)["$ref"];
  if (typeof reference === "string") return resolved(document, pointed(document, reference), depth + 1);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolved(document, item, depth + 1)]));
}

function pointed(document: OpenApi, reference: string): unknown {
  const names = reference
    .replace(/^#\//, "")
    .split("/")
    .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
  return names.reduce<unknown>((found, name) => (found as Schema)[name], document);
}
