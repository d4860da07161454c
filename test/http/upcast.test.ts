import { expect, test } from "vitest";
import { append, expectProblem, get } from "../support/http.ts";

test("upcast=true gives events in their newest form: what has no other form is the same, to the character", async () => {
  await append("upcast-plain", [{ type: "upcast.Happened", data: { n: 1 } }]);
  const stored = await get("/v1/streams/upcast-plain/events");
  for (const value of ["true", "false"]) expect((await get(`/v1/streams/upcast-plain/events?upcast=${value}`)).text).toBe(stored.text);
});

test("upcast=true is for JSON: 422 with another representation, and for another value", async () => {
  await append("upcast-other", [{ type: "upcast.Happened", data: 1 }]);
  for (const accept of ["application/x-ndjson", "application/cloudevents-batch+json"]) {
    expectProblem(await get("/v1/streams/upcast-other/events?upcast=true", { accept }), 422, "invalid_input");
  }
  expectProblem(await get("/v1/streams/upcast-other/events?upcast=yes"), 422, "invalid_input");
});
