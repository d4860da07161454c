import { Validator } from "@cfworker/json-schema";
import { beforeAll, describe, expect, test } from "vitest";
import { BATCH, ONE } from "../support/cloudevents.ts";
import { get } from "../support/http.ts";

type Content = Readonly<Record<string, { readonly schema: object }>>;
interface Operation {
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}
interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: object };
}

const STREAM = "/v1/streams/{stream}/events";
const required = { specversion: "1.0", id: "1", source: "/a/b", type: "t" };
let description: Description;

beforeAll(async () => {
  description = (await get("/openapi.json")).json<Description>();
});

const operation = (method: string, path: string): Operation => description.paths[path]?.[method] as Operation;

/** Why a value is not what a schema of the description wants; empty where it is. */
function faults(schema: object | undefined, value: unknown): string {
  // Not by zod, which takes `uri-reference` for a whole URL.
  const { errors } = new Validator({ ...schema, components: description.components } as ConstructorParameters<typeof Validator>[0], "2020-12").validate(value);
  return errors.map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`).join("; ");
}

/** That every answer is one of these, each request of each test makes sure (test/support/contract.ts). */
describe("the description lists", () => {
  test("every media type that an append takes", () => {
    expect(Object.keys(operation("post", STREAM).requestBody?.content ?? {}).sort()).toEqual(["*/*", BATCH, ONE, "application/json"].sort());
    expect(Object.keys(operation("post", "/v1/events").requestBody?.content ?? {}).sort()).toEqual(["*/*", BATCH, ONE].sort());
  });

  test("CloudEvents among what a stream can be read as, and that others are not acceptable", () => {
    expect(operation("get", STREAM).responses["200"]?.content).toHaveProperty([BATCH]);
    expect(operation("get", STREAM).responses).toHaveProperty("406");
  });

  test("a schema that takes valid CloudEvents and refuses those that lack something", () => {
    const schema = operation("post", "/v1/events").requestBody?.content[ONE]?.schema;
    for (const event of [required, { ...required, subject: null, ext: 1, data: [] }, { ...required, data_base64: "TWE=" }])
      expect(faults(schema, event)).toBe("");
    for (const event of [{}, { ...required, specversion: "0.3" }, { ...required, id: "" }, { ...required, type: 5 }])
      expect(faults(schema, event)).not.toBe("");
  });
});
