import { beforeAll, describe, expect, test } from "vitest";
import { append, type HeaderFields, newerThan, ok, send } from "../support/http.ts";
import { makeKey } from "../support/keys.ts";
import { type Pair, pairOf, tokenOf } from "../support/tokens.ts";
import { listen } from "./listen.ts";
import { open } from "./open.ts";

const ISSUER = "https://ends.example/";
const READS = ["streams:read:ends-*"];
const inSeconds = (seconds: number): string => new Date(Date.now() + seconds * 1_000).toISOString();
const define = (role: string, scopes: readonly string[]) => send("PUT", `/v1/roles/${role}`, { scopes });
const assign = (user: string, role: string, command = "AssignRole") => send("POST", `/v1/aggregates/membership/default:${user}/${command}`, { role });

let pair: Pair;

async function registered(audience: string): Promise<string> {
  const claims = { scopes: "scope", roles: "roles" };
  const settings = { issuer: ISSUER, audience, jwks: { keys: [pair.jwk] }, algorithms: ["ES256"], claims, memberships: true };
  return ok<{ id: string }>(await send("POST", "/v1/issuers", settings)).id;
}

/** The headers of a token, `exp` so many seconds from now. */
async function bearer(aud: string, claims: object, exp = 600): Promise<HeaderFields> {
  const token = await tokenOf(pair, { alg: "ES256", kid: "k1" }, { iss: ISSUER, aud, sub: "ann", ...claims, exp: Math.floor(Date.now() / 1_000) + exp });
  return { authorization: `Bearer ${token}` };
}

/** Who listens, and what then takes his leave away; without it, time does. */
interface Leave {
  readonly as: HeaderFields;
  readonly takeAway?: () => Promise<unknown>;
}

/** By what ends a connection; each is given a name of its own. */
const LEAVES: Readonly<Record<string, (name: string) => Promise<Leave>>> = {
  async "its key is revoked"(name) {
    const { as, id } = await makeKey(name, READS);
    return { as, takeAway: () => send("DELETE", `/v1/keys/${id}`) };
  },
  async "its key's secret is another"(name) {
    const { as, id } = await makeKey(name, READS);
    return { as, takeAway: () => send("POST", `/v1/keys/${id}/rotate`, { overlapSeconds: 0 }) };
  },
  async "the overlap of its key's secrets, which began later, is over"(name) {
    const { as, id } = await makeKey(name, READS);
    return { as, takeAway: () => send("POST", `/v1/keys/${id}/rotate`, { overlapSeconds: 1 }) };
  },
  "its key has come to its end": async (name) => makeKey(name, READS, { expiresAt: inSeconds(3) }),
  async "its key's role has lost the scope"(name) {
    await define(name, READS);
    const { as } = await makeKey(name, ["tickets:create"], { roles: [name] });
    return { as, takeAway: () => define(name, ["streams:read:others-*"]) };
  },
  async "its token's role is gone"(name) {
    await registered(name);
    await define(name, READS);
    return { as: await bearer(name, { roles: [name] }), takeAway: () => send("DELETE", `/v1/roles/${name}`) };
  },
  async "its user's role is taken away"(name) {
    await registered(name);
    await define(name, READS);
    await assign(name, name);
    return { as: await bearer(name, { sub: name }), takeAway: () => assign(name, name, "RemoveRole") };
  },
  async "a role that its user was given later, in the place of another, has lost the scope"(name) {
    await registered(name);
    for (const role of [name, `${name}-later`]) await define(role, READS);
    await assign(name, name);
    return {
      as: await bearer(name, { sub: name }),
      async takeAway() {
        await assign(name, `${name}-later`);
        await assign(name, name, "RemoveRole");
        await define(`${name}-later`, ["streams:read:others-*"]);
      },
    };
  },
  async "its token's issuer is gone"(name) {
    const id = await registered(name);
    return { as: await bearer(name, { scope: READS.join(" ") }), takeAway: () => send("DELETE", `/v1/issuers/${id}`) };
  },
  async "its token has come to its end, the skew of the clocks included"(name) {
    await registered(name);
    return { as: await bearer(name, { scope: READS.join(" ") }, -27) };
  },
  async "its tenant is suspended"(name) {
    await send("POST", "/v1/tenants", { id: name, name });
    await append("ends-1", [{ type: "notes.NoteAdded", data: { n: 1 } }], { "tenant-id": name });
    const { as } = await makeKey(name, READS, {}, { "tenant-id": name });
    return { as, takeAway: () => send("POST", `/v1/tenants/${name}/suspend`) };
  },
};

/** Listens in each of the forms that there are until the connection ends; gives what then is known of that. */
const FORMS: Readonly<Record<string, (path: string, as: HeaderFields) => Promise<{ heard(): Promise<unknown>; ended(): Promise<unknown> }>>> = {
  async "server-sent events"(path, as) {
    const live = await listen(path, as);
    return { heard: () => live.hear(1), ended: () => live.end() };
  },
  async "a WebSocket"(path, as) {
    const { webSocket } = await open(path, { ...as, upgrade: "websocket" });
    const closed = new Promise<number>((resolve) => webSocket?.addEventListener("close", ({ code }) => resolve(code)));
    const heard = new Promise<void>((resolve) => webSocket?.addEventListener("message", () => resolve()));
    webSocket?.accept();
    return { heard: () => heard, ended: async () => expect(await closed).toBe(1008) };
  },
};

beforeAll(async () => {
  pair = await pairOf("ES256", "k1");
  const appended = await append("ends-1", [{ type: "notes.NoteAdded", data: { n: 1 } }]);
  await send("GET", "/v1/events?stream=ends-1", undefined, newerThan(appended));
});

const forms = Object.keys(FORMS);
const cases = forms.flatMap((form, at) => Object.keys(LEAVES).map((leave, index) => ({ form, leave, name: `ends-${at}-${index}` })));

describe("a live connection that was let in ends as soon as", () => {
  test.concurrent.each(cases)(
    "$leave ($form)",
    async ({ form, leave, name }) => {
      const { as, takeAway } = await LEAVES[leave]!(name);
      const { heard, ended } = await FORMS[form]!("/v1/streams/ends-1/live?from=1", as);
      await heard();
      const taken = (await takeAway?.()) as { readonly status: number } | undefined;
      expect(taken?.status ?? 200).toBeLessThan(300);
      await ended();
    },
    30_000,
  );
});
