import { expect, test } from "vitest";
import { append, type HeaderFields, send } from "../support/http.ts";
import { makeKey } from "../support/keys.ts";
import { listen } from "./listen.ts";

const note = (n: number) => ({ type: "notes.NoteAdded", data: { n } });
const define = (name: string, scopes: readonly string[]) => send("PUT", `/v1/roles/${name}`, { scopes });

let roles = 0;

/** A key that reads by a role alone. */
async function reader(role: string): Promise<HeaderFields> {
  expect((await define(role, ["streams:read"])).status).toBe(201);
  return (await makeKey(`by-${role}`, ["tickets:create"], { roles: [role] })).as;
}

test.each(["/v1/streams/roles-1/live", "/v1/events/live?category=roles", "/v1/events/live?stream=roles-1"])(
  "%s ends when the role that let it has lost its scope, and goes on while what is needed is left",
  async (path) => {
    await append("roles-1", [note(0)]);
    const role = `reads-${++roles}`;
    const live = await listen(path, await reader(role));
    expect((await define(role, ["streams:read:roles-*"])).status).toBe(200);
    await append("roles-1", [note(1)]);
    expect((await live.hear(1))[0]?.event.data).toEqual({ n: 1 });
    expect((await define(role, ["streams:read:others-*"])).status).toBe(200);
    await live.end();
  },
);

test("a connection by a ticket ends when the role of the key that made the ticket is gone", async () => {
  await append("roles-2", [note(0)]);
  const as = await reader("reads-by-ticket");
  const { ticket } = (await send("POST", "/v1/tickets", undefined, as)).json<{ ticket: string }>();
  const live = await listen(`/v1/streams/roles-2/live?ticket=${encodeURIComponent(ticket)}`, { authorization: undefined });
  expect((await send("DELETE", "/v1/roles/reads-by-ticket")).status).toBe(204);
  await live.end();
});
