import { beforeAll, describe, expect, test } from "vitest";
import { type Answer, get, send } from "../support/http.ts";

interface Description {
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly operationId: string; readonly parameters?: readonly { readonly name: string }[] }>>>
  >;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>>; readonly headers: Readonly<Record<string, unknown>> };
}

let page: Answer;
let description: Description;

beforeAll(async () => {
  page = await get("/docs", { authorization: undefined });
  description = (await get("/openapi.json", { authorization: undefined })).json<Description>();
});

/** How CSP names a text: by its SHA-256. */
async function hashOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `'sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}'`;
}

describe("GET /docs", () => {
  test("is HTML, and public", () => {
    expect(page.status).toBe(200);
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
  });

  test("lets nothing run or load but its own script and style, by their hashes", async () => {
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toMatch(/^default-src 'none';/);
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    const [, script = ""] = /<script>([\s\S]*?)<\/script>/.exec(page.text) ?? [];
    const [, style = ""] = /<style>([\s\S]*?)<\/style>/.exec(page.text) ?? [];
    expect(policy).toContain(`script-src ${await hashOf(script)};`);
    expect(policy).toContain(`style-src ${await hashOf(style)};`);
    expect(page.text).not.toMatch(/ style="| on[a-z]+="|<script [^>]|<link/);
  });

  test("has no address of anybody else", () => {
    expect(page.text).not.toMatch(/https?:|(?:href|src|action)="\/\/|@import|url\(/i);
  });

  test("names every tag, operation, path, parameter, header and schema", () => {
    const operations = Object.entries(description.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
    );
    expect(operations.length).toBeGreaterThan(20);
    for (const { path, method, operation } of operations) {
      const [, entry = ""] = new RegExp(`<details id="${operation.operationId}">([\\s\\S]*?)</details>`).exec(page.text) ?? [];
      expect(entry).toContain(`>${method.toUpperCase()}</b> <code>${path}</code>`);
      for (const { name } of operation.parameters ?? []) expect(entry).toContain(`<code>${name}</code>`);
    }
    for (const name of Object.keys(description.components.headers).filter((name) => !name.startsWith("Optional-")))
      expect(page.text).toContain(`<tr><td><code>${name}</code></td><td>`);
    const [, append = ""] = /<details id="appendEvents">([\s\S]*?)<\/details>/.exec(page.text) ?? [];
    expect(append).toContain("<p>Headers: <code>Location</code>, <code>Idempotency-Replayed</code>, <code>ETag</code>, <code>Consistency-Token</code></p>");
    for (const { name } of description.tags) expect(page.text).toContain(`<h2>${name}</h2>`);
    for (const name of Object.keys(description.components.schemas)) expect(page.text).toContain(`id="schema-${name}"`);
  });

  test("links only to what is on the page", () => {
    const links = [...page.text.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id as string);
    expect(links.length).toBeGreaterThan(10);
    for (const id of links) expect(page.text).toContain(`id="${id}"`);
  });

  test("takes HEAD and OPTIONS, and no POST", async () => {
    const head = await send("HEAD", "/docs");
    expect([head.status, head.text]).toEqual([200, ""]);
    expect((await send("OPTIONS", "/docs")).headers.get("allow")).toBe("GET, HEAD, OPTIONS");
    expect((await send("POST", "/docs")).status).toBe(405);
  });
});
