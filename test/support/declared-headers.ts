import { Validator } from "@cfworker/json-schema";

/** A header as OpenAPI declares it. */
interface DeclaredHeader {
  readonly required?: boolean;
  readonly schema?: Readonly<Record<string, unknown>>;
}

/** The headers of a declared answer: each written out, or a reference to `components.headers`. */
export type DeclaredHeaders = Readonly<Record<string, DeclaredHeader | { readonly $ref: string }>>;

/** `components.headers`. */
export type HeaderComponents = Readonly<Record<string, DeclaredHeader>>;

/** What belongs to HTTP, to the connection or to browsers, and is the same whatever is asked: nobody declares it. */
const OF_HTTP = new Set([
  "cache-control",
  "connection",
  "content-length",
  "content-security-policy",
  "content-type",
  "date",
  "keep-alive",
  "referrer-policy",
  "strict-transport-security",
  "transfer-encoding",
  "upgrade",
  "vary",
  // For proxies, that they do not gather what is sent bit by bit.
  "x-accel-buffering",
  "x-content-type-options",
  "x-frame-options",
]);
const OF_A_KIND = /^(access-control|sec-websocket)-/;

/** What of an answer's headers is not as declared: one of ours that is not there, one that is required and was not sent, a value of another form. */
export function headerFaults(
  declared: DeclaredHeaders = {},
  sent: Iterable<readonly [name: string, value: string]>,
  components: HeaderComponents = {},
): readonly string[] {
  const known = new Map(Object.entries(declared).map(([name, header]) => [name.toLowerCase(), resolved(header, components)] as const));
  const values = new Map([...sent].map(([name, value]) => [name.toLowerCase(), value] as const));
  const undeclared = [...values.keys()].filter((name) => !known.has(name) && !OF_HTTP.has(name) && !OF_A_KIND.test(name));
  const missing = [...known].filter(([name, { required = false }]) => required && !values.has(name));
  const malformed = [...known].flatMap(([name, { schema = {} }]) => {
    const value = values.get(name);
    return value === undefined || new Validator(schema).validate(schema["type"] === "integer" ? Number(value) : value).valid ? [] : [`${name}: ${value}`];
  });
  return [
    ...undeclared.map((name) => `the header ${name} was sent and is not declared`),
    ...missing.map(([name]) => `the header ${name} is declared as required and was not sent`),
    ...malformed.map((field) => `a header is not of the form that is declared: ${field}`),
  ];
}

function resolved(header: DeclaredHeaders[string], components: HeaderComponents): DeclaredHeader {
  if (!("$ref" in header)) return header;
  const found = components[header.$ref.replace("#/components/headers/", "")];
  if (found === undefined) throw new Error(`expected ${header.$ref} to be in the description`);
  return found;
}
