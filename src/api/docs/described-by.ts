import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { headerComponents } from "../answer-headers.ts";
import { docsPolicy } from "./policy.ts";
import { docsPage, type OpenApi } from "./page.ts";
import type { Module } from "../../kernel/index.ts";
import type { ApiEnv, Endpoint } from "../endpoint.ts";

type Reading = Endpoint<z.ZodObject, z.ZodObject, z.ZodType>;

/** What the API's operations are grouped by. */
const TAGS = [
  { name: "Platform", description: "The platform itself: whether it answers, what it can do, tickets" },
  { name: "Identity", description: "Who may do what: tenants, keys and their scopes, issuers of tokens" },
  { name: "Streams", description: "The ordered events of one thing: append, read, verify, follow, close" },
  { name: "Log", description: "All streams of a tenant in one order" },
  { name: "Views", description: "What is folded from the log, and how far each has come" },
  { name: "Inbound webhooks", description: "Producers of webhooks, and their deliveries" },
  { name: "Subscriptions", description: "Events to wherever they are wanted: signed webhooks, or for those who pull" },
  { name: "Dead letters", description: "What could not be delivered: redriven, edited, or dropped" },
  { name: "Handlers", description: "What reacts in code, and how far each has come" },
  { name: "Sagas", description: "Work over several aggregates that finishes or undoes itself" },
  { name: "Observability", description: "How it goes: figures, alerts" },
  { name: "Subtitles", description: "Jobs that find or translate subtitles, and the library they look in" },
];

/** The endpoints that describe all endpoints, themselves among them: for machines and for people. Made once, when first asked for. */
export function describedBy(app: OpenAPIHono<ApiEnv>, version: string, modules: readonly Module[]): readonly Reading[] {
  app.openAPIRegistry.registerComponent("securitySchemes", "key", { type: "http", scheme: "bearer", description: "A key of a tenant" });
  let text: string | undefined;
  let page: string | undefined;
  const description = (): string => (text ??= JSON.stringify(documentOf(app, version, modules)));
  return [
    {
      method: "get",
      path: "/openapi.json",
      operationId: "getOpenApi",
      scope: "public",
      summary: "This description",
      tag: "Platform",
      answers: { 200: { description: "OpenAPI 3.1", schema: z.looseObject({ openapi: z.string(), paths: z.looseObject({}) }) } },
      handle: () => new Response(description(), { headers: { "content-type": "application/json" } }),
    },
    {
      method: "get",
      path: "/docs",
      operationId: "getDocs",
      scope: "public",
      summary: "This description, for people",
      tag: "Platform",
      answers: { 200: { description: "A page", others: { "text/html": z.string() } } },
      handle() {
        page ??= docsPage(JSON.parse(description()) as OpenApi);
        return new Response(page, { headers: { "content-type": "text/html; charset=utf-8", ...docsPolicy() } });
      },
    },
  ];
}

function documentOf(app: OpenAPIHono<ApiEnv>, version: string, modules: readonly Module[]): unknown {
  const document = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Rivulet",
      version,
      description:
        "An event platform that lives at the edge. HEAD is GET without its body, OPTIONS says what a path takes, and every other method is a 405 problem.",
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    },
    servers: [{ url: "/" }],
    tags: [
      ...TAGS,
      ...modules.flatMap(({ name, deciders }) =>
        deciders.map(({ category }) => ({ name: category, description: `The aggregate ${category} of the domain ${name}` })),
      ),
    ],
  });
  return { ...document, components: { ...document.components, headers: headerComponents(JSON.stringify(document.paths)) } };
}
