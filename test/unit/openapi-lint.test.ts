import { createConfig, lintFromString } from "@redocly/openapi-core";
import { expect, test } from "vitest";
import { api } from "../../src/api/app.ts";
import { modules } from "../../src/domains/index.ts";
import type { Services } from "../../src/api/services.ts";

/** The description needs no services. */
const description = async (): Promise<string> => (await api(() => ({}) as Services, modules)(new Request("http://rivulet.test/openapi.json"))).text();

/** They take neither a key nor any input, so there is nothing that a client could do wrong. */
const CANNOT_REFUSE = new Set(["/health", "/openapi.json", "/docs"].map((path) => `#/paths/${path.replaceAll("/", "~1")}/get/responses`));

/** `/subtitles/library/…` is no job, for a job's id is a UUID; the paths are older than this description. */
const KNOWN_AMBIGUOUS = /^#\/paths\/~1subtitles~1/;

/** What the recommended rules of redocly say of a description, warnings too: `<severity> <rule> at <place>: <message>`. */
async function findings(source: string): Promise<readonly string[]> {
  const found = await lintFromString({ source, absoluteRef: "openapi.json", config: await createConfig({ extends: ["recommended"] }) });
  return found
    .map(({ severity, ruleId, message, location }) => ({ severity, ruleId, message, place: location[0]?.pointer ?? "" }))
    .filter(({ ruleId, place }) => !(ruleId === "operation-4xx-response" && CANNOT_REFUSE.has(place)))
    .filter(({ ruleId, place }) => !(ruleId === "no-ambiguous-paths" && KNOWN_AMBIGUOUS.test(place)))
    .map(({ severity, ruleId, message, place }) => `${severity} ${ruleId} at ${place}: ${message}`);
}

test("the description is clean by all recommended rules", async () => {
  expect(await findings(await description())).toEqual([]);
});

test("the linter sees what is wrong", async () => {
  const { paths, ...rest } = JSON.parse(await description()) as { paths: Record<string, unknown> };
  const broken = JSON.stringify({ ...rest, paths: { ...paths, "/v1/{nobody}": { get: { responses: {} } } } });
  expect((await findings(broken)).filter((finding) => finding.startsWith("error")).length).toBeGreaterThan(0);
});
