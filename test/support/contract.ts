import { Validator } from "@cfworker/json-schema";
import { type DeclaredHeaders, type HeaderComponents, headerFaults } from "./declared-headers.ts";

type Schema = Readonly<Record<string, unknown>>;

interface DeclaredAnswer {
  readonly headers?: DeclaredHeaders;
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

interface Operation {
  readonly responses: Readonly<Record<string, DeclaredAnswer>>;
}

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>>; readonly headers?: HeaderComponents };
}

/** An answer as it came, and what it answers. */
export interface Exchange {
  readonly method: string;
  readonly pathname: string;
  readonly status: number;
  readonly type: string | undefined;
  readonly text: string;
  /** Left out, they are not looked at. */
  readonly headers?: Iterable<readonly [name: string, value: string]>;
}

interface Template {
  readonly path: string;
  readonly pattern: RegExp;
  readonly parameters: number;
}

const BODILESS = new Set([101, 204, 304]);
/** Written as they come, so not one JSON text: their media type must be declared, no more. */
const STREAMED = new Set(["text/event-stream", "application/x-ndjson"]);
/** What is said of a request whose address or headers are out of measure, before anybody looks where it goes. */
const AT_THE_DOOR = new Set([414, 431]);
/** What there is to say at a path that is not described: nobody knows who asks, for whom, or where. */
const AT_UNKNOWN_PATHS = new Set([400, 401, 404]);

/** What /openapi.json promises, ready to be held against answers. */
export class Contract {
  readonly #description: Description;
  readonly #templates: readonly Template[];
  readonly #validators = new Map<object, Validator>();

  constructor(description: Description) {
    this.#description = description;
    this.#templates = Object.keys(description.paths)
      .map((path) => ({
        path,
        pattern: new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[^/]+")}$`),
        parameters: path.split("{").length - 1,
      }))
      // `/v1/events/live` goes before `/v1/events/{id}`.
      .sort((left, right) => left.parameters - right.parameters);
  }

  /** Why an answer is not one that is promised; undefined where it is. */
  breach(exchange: Exchange): string | undefined {
    const { method, pathname, status } = exchange;
    const reason = this.#reason(exchange);
    return reason === undefined ? undefined : `${method} ${pathname} answered ${status}, which /openapi.json does not have: ${reason}`;
  }

  #reason(exchange: Exchange): string | undefined {
    const { method, pathname, status } = exchange;
    const template = this.#templates.find(({ pattern }) => pattern.test(pathname));
    if (method === "OPTIONS" && status === 204) return undefined;
    if (AT_THE_DOOR.has(status)) return this.#problemFault(exchange);
    if (template === undefined) return AT_UNKNOWN_PATHS.has(status) ? this.#problemFault(exchange) : `no path is like ${pathname}`;
    const operations = this.#description.paths[template.path] ?? {};
    const operation = operations[method === "HEAD" ? "get" : method.toLowerCase()];
    if (operation === undefined) return status === 405 ? this.#problemFault(exchange) : `${template.path} has no ${method}`;
    const declared = operation.responses[status];
    if (declared === undefined) return `${template.path} declares ${Object.keys(operation.responses).join(", ")}`;
    const [fault] = exchange.headers === undefined ? [] : headerFaults(declared.headers, exchange.headers, this.#description.components.headers);
    if (fault !== undefined) return fault;
    return BODILESS.has(status) || method === "HEAD" ? undefined : this.#contentFault(exchange, declared.content ?? {});
  }

  #problemFault(exchange: Exchange): string | undefined {
    if (exchange.method === "HEAD") return undefined;
    return this.#contentFault(exchange, { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } });
  }

  #contentFault({ type, text }: Exchange, content: Readonly<Record<string, { readonly schema: Schema }>>): string | undefined {
    const schema = content[type ?? ""]?.schema;
    if (schema === undefined) return `expected ${Object.keys(content).join(" or ") || "no body"}, got ${type}`;
    if (STREAMED.has(type ?? "") || !/[/+]json$/.test(type ?? "")) return undefined;
    const { valid, errors } = this.#validatorOf(schema).validate(JSON.parse(text));
    return valid ? undefined : errors.map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`).join("; ");
  }

  #validatorOf(schema: Schema): Validator {
    const known = this.#validators.get(schema);
    if (known) return known;
    const made = new Validator({ ...schema, components: this.#description.components } as ConstructorParameters<typeof Validator>[0], "2020-12");
    this.#validators.set(schema, made);
    return made;
  }
}
