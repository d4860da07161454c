import { describe, expect, test } from "vitest";
import { eventsOf, everything, expectProblem, get, type HeaderFields, send } from "../support/http.ts";
import { type DeadLetter, giveUp, logged, pulled, strict } from "./dead-letters.ts";

const tenantOf = (name: string): HeaderFields => ({ "tenant-id": `dead-${name}` });
const letters = (headers: HeaderFields, query = ""): Promise<readonly DeadLetter[]> => everything<DeadLetter>(`/v1/dead-letters${query}`, headers);

describe("to drop a dead letter", () => {
  test.each([
    ["in the query", "?reason=a%20test", undefined],
    ["in a body", "", { reason: "a test" }],
  ])("takes a reason %s, which is kept, and lets go on what waited", async (where, query, body) => {
    const headers = tenantOf(where.replaceAll(" ", "-"));
    const id = await strict(where, headers);
    const position = await logged("thing-1", headers);
    const [letter = ""] = await giveUp(id, headers);
    const behind = await logged("thing-1", headers);
    const answer = await send("DELETE", `/v1/dead-letters/${letter}${query}`, body, headers);
    expect([answer.status, answer.text]).toEqual([204, ""]);
    expectProblem(await get(`/v1/dead-letters/${letter}`, headers), 404);
    expect(await letters(headers)).toEqual([]);
    expect((await eventsOf(`rivulet_subscription-${id}`, headers)).at(-1)).toMatchObject({
      type: "rivulet.DeadLetterDropped",
      data: { position, reason: "a test" },
    });
    expect((await pulled(id, headers)).map((event) => event.position)).toEqual([behind]);
    expectProblem(await send("DELETE", `/v1/dead-letters/${letter}${query}`, body, headers), 404);
  });

  test.each([
    ["no reason", "", undefined],
    ["an empty one", "?reason=", undefined],
    ["an empty one in a body", "", { reason: "" }],
    ["a body without one", "", {}],
    ["one that is no text", "", { reason: 5 }],
  ])("is 422 with %s, and drops nothing", async (name, query, body) => {
    const headers = tenantOf(name.replaceAll(" ", "-"));
    const id = await strict(name, headers);
    await logged("thing-1", headers);
    const [letter = ""] = await giveUp(id, headers);
    expect(expectProblem(await send("DELETE", `/v1/dead-letters/${letter}${query}`, body, headers), 422).errors?.map(({ path }) => path)).toEqual(["reason"]);
    expect(await letters(headers)).toHaveLength(1);
  });
});
