import { SCRIPT, STYLE } from "./assets.ts";
import { type Schema, schemaText } from "./schema-text.ts";

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema?: Schema;
}

type Content = Readonly<Record<string, { readonly schema?: Schema }>>;

interface Answer {
  readonly description: string;
  readonly content?: Content;
  /** References to `components.headers`, by name. */
  readonly headers?: Readonly<Record<string, { readonly $ref: string }>>;
}

interface Header {
  readonly description: string;
  readonly schema: Schema;
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, Answer>>;
}

/** /openapi.json, as far as the page shows it. */
export interface OpenApi {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>>; readonly headers: Readonly<Record<string, Header>> };
}

/** The description as one page that needs nothing but itself. */
export function docsPage({ info, tags, paths, components }: OpenApi): string {
  const operations = Object.entries(paths).flatMap(([path, item]) => Object.entries(item).map(([method, operation]) => ({ path, method, operation })));
  const sections = tags.map(({ name, description }) => {
    const own = operations.filter(({ operation }) => operation.tags.includes(name)).map(operationHtml);
    return `<section id="${slug(name)}"><h2>${escaped(name)}</h2><p>${prose(description)}</p>${own.join("")}</section>`;
  });
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) => `<details id="schema-${name}"><summary><code>${name}</code></summary><div>${schemaHtml(schema)}</div></details>`,
  );
  const links = [...tags.map(({ name }) => name), "Headers", "Schemas"].map((name) => `<a href="#${slug(name)}">${escaped(name)}</a>`);
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escaped(info.title)} API</title><style>${STYLE}</style></head>
<body>
<h1>${escaped(info.title)} <small>${escaped(info.version)}</small></h1>
<p>${prose(info.description)} For machines: <a href="/openapi.json">/openapi.json</a>.</p>
<header><input id="search" type="search" placeholder="Search operations, parameters, schemas" aria-label="Search"><nav>${links.join("")}<span id="found" role="status"></span></nav></header>
<main>
${sections.join("\n")}
<section id="headers"><h2>Headers</h2><p>What answers carry beside what is HTTP's own; the first two, all of them.</p><table><tr><th>name</th><th>value</th><th>meaning</th></tr>${headerRows(components.headers)}</table></section>
<section id="schemas"><h2>Schemas</h2>${schemas.join("")}</section>
</main>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

function operationHtml({ path, method, operation }: { path: string; method: string; operation: Operation }): string {
  const { operationId, summary, security, parameters = [], requestBody, responses } = operation;
  const who = security.length === 0 ? "Public." : `Needs a key: <code>Authorization: Bearer …</code>, with ${scopesHtml(security)}`;
  return `<details id="${escaped(operationId)}"><summary><b class="${method}">${method.toUpperCase()}</b> <code>${escaped(path)}</code> <span>${prose(summary)}</span></summary><div>
<p><code>${escaped(operationId)}</code>. ${who}</p>
${parameters.length === 0 ? "" : `<h3>Parameters</h3><table><tr><th>name</th><th>in</th><th>value</th></tr>${parameters.map(parameterHtml).join("")}</table>`}
${requestBody === undefined ? "" : `<h3>Body</h3>${contentHtml(requestBody.content)}`}
<h3>Answers</h3><table>${Object.entries(responses)
    .map(
      ([status, answer]) =>
        `<tr><td><code>${status}</code></td><td><p>${prose(answer.description)}</p>${headersHtml(answer)}${contentHtml(answer.content ?? {})}</td></tr>`,
    )
    .join("")}</table>
</div></details>`;
}

function scopesHtml(security: Operation["security"]): string {
  return security
    .flatMap((scheme) => Object.values(scheme).flat())
    .map((scope) => `<code>${escaped(scope)}</code>`)
    .join(" and ");
}

function parameterHtml({ name, in: place, required = false, schema = {} }: Parameter): string {
  const pattern = schema.pattern === undefined ? "" : `<br><code>${escaped(schema.pattern)}</code>`;
  const preset = schema.default === undefined ? "" : `, ${escaped(JSON.stringify(schema.default))} where left out`;
  return `<tr><td><code>${escaped(name)}</code>${required ? " (required)" : ""}</td><td>${place}</td><td>${escaped(schemaText(schema))}${preset}${pattern}</td></tr>`;
}

/** What may come with any answer, as the section on headers says. */
const ANYWHERE = new Set(["traceresponse", "X-Correlation-Id", "RateLimit", "RateLimit-Policy"]);

/** The headers that an answer has of its own; those of a problem follow from its status. */
function headersHtml({ headers = {}, content = {} }: Answer): string {
  const own = Object.keys(headers).filter((name) => !ANYWHERE.has(name));
  if (own.length === 0 || "application/problem+json" in content) return "";
  return `<p>Headers: ${own.map((name) => `<code>${escaped(name)}</code>`).join(", ")}</p>`;
}

/** A line for each; what some answers may lack that others must have is two components, and one header. */
function headerRows(headers: OpenApi["components"]["headers"]): string {
  const byName = new Map(Object.entries(headers).map(([key, header]) => [key.replace(/^Optional-/, ""), header]));
  return [...byName]
    .map(([name, { description, schema }]) => {
      return `<tr><td><code>${escaped(name)}</code></td><td>${escaped(schemaText(schema))}</td><td>${prose(description)}</td></tr>`;
    })
    .join("");
}

/** A problem looks the same everywhere: its description says enough. */
function contentHtml(content: Content): string {
  return Object.entries(content)
    .filter(([type]) => type !== "application/problem+json")
    .map(([type, { schema = {} }]) => `<div><code>${escaped(type)}</code>${schemaHtml(schema)}</div>`)
    .join("");
}

/** The text of a schema, with links to the schemas it names. */
function schemaHtml(schema: Schema): string {
  const names = new Set([...JSON.stringify(schema).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name as string));
  const text = escaped(schemaText(schema));
  return `<pre>${text.replaceAll(/\b[A-Z]\w*\b/g, (word) => (names.has(word) ? `<a href="#schema-${word}">${word}</a>` : word))}</pre>`;
}

function slug(name: string): string {
  return name.toLowerCase().replaceAll(/\W+/g, "-");
}

/** Text of the description, with its `code`. */
function prose(text: string): string {
  return escaped(text).replaceAll(/`([^`]+)`/g, "<code>$1</code>");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
