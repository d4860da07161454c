import { describe, expect, test } from "vitest";
import { eventsOf, expectProblem } from "../support/http.ts";
import { anOrder, command, decided, password } from "./commands.ts";

const download = { videoUrl: "https://a.example/v.mp4", videoTitle: "A title", language: "en", preferredSources: [] };

/** A first command of each domain. */
const commands: readonly (readonly [path: string, data: Readonly<Record<string, unknown>>])[] = [
  ["order/extra/PlaceOrder", anOrder],
  ["inventory/extra/Receive", { quantity: 1 }],
  ["subtitle/extra/RequestDownload", download],
  ["account/extra/Register", { email: "extra@a.example", password }],
  ["tenant/extra/CreateTenant", { name: "N", plan: "free" }],
  ["user/extra/RegisterUser", { email: "extra@a.example", name: "N" }],
  ["video/extra/RequestProcessing", { videoUrl: "https://a.example/v.mp4" }],
];

describe("a field that a command does not know", () => {
  test.each(commands)("is left out, and the rest is decided: %s", async (path, data) => {
    const { events, state } = await decided(path, { ...data, unheardOf: "unheard of" });
    expect(events.length).toBeGreaterThan(0);
    const [category, id] = path.split("/");
    expect(JSON.stringify([events, state, await eventsOf(`${category}-${id}`)])).not.toContain("unheard of");
  });

  test("is left out inside of a list as well", async () => {
    const [item] = anOrder.items;
    const { events } = await decided("order/extra.deep/PlaceOrder", { ...anOrder, items: [{ ...item, unheardOf: 1 }] });
    expect(JSON.stringify(events)).not.toContain("unheardOf");
  });

  test("makes up for no field that is missing", async () => {
    for (const [path, data] of commands) {
      const [field] = Object.keys(data) as [string];
      const { [field]: value, ...others } = data;
      const problem = expectProblem(await command(path.replace("extra", "extra.missing"), { ...others, [`${field}s`]: value }), 422, "invalid_input");
      expect(problem.errors?.map((error) => error.path)).toEqual([field]);
    }
  });
});
