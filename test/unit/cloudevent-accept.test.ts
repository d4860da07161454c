import { expect, test } from "vitest";
import { preferred } from "../../src/api/accept.ts";

const offered = ["application/json", "application/cloudevents-batch+json"] as const;

test.each([null, "", "  "])("an Accept of %j leaves the choice to us", (accept) => {
  expect(preferred(accept, offered)).toBe("application/json");
});

test.each<[accept: string, type: string | undefined]>([
  ["application/*;q=0.2, application/json;q=0.1", "application/cloudevents-batch+json"],
  ["application/json;q=0.1, application/*;q=0.2", "application/cloudevents-batch+json"],
  ["application/json ; Q=0.123 , */* ; q=0.122", "application/json"],
  ["application/json;q=1.000", "application/json"],
  ["application/cloudevents-batch+json;q=0.7, application/json", "application/json"],
  ["application/json;version=1", "application/json"],
  ["application/json;q=1.5", undefined],
  ["application/json;q=0.1234", undefined],
  ["application", undefined],
  ["*", undefined],
  [",,", undefined],
])("an Accept of %j wants %s", (accept, type) => {
  expect(preferred(accept, offered)).toBe(type);
});
