import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { SignJWT } from "jose";
import { type TOTP, URI } from "otpauth";
import { Webhook } from "standardwebhooks";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { signed, type SigningKey } from "../support/sign.ts";
import { append, ask } from "./api.ts";
import { command, newFolder, type Server, startServer, stop, until } from "./server.ts";

const OLD = "the-master-key-that-is-changed";
const NEW = "the-master-key-that-comes-after-it";
const SHARED = "a secret of an issuer, long enough for HS256";
const SIGNED = "what GitHub signs with";
const person = { email: "ada@example.com", password: "correct horse battery staple" };
const acme = { "tenant-id": "acme" };

interface Item {
  readonly tenant: string;
  readonly stream: string;
  readonly state: string;
}
interface Delivery {
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

let stateDir: string;
let totp: TOTP;
let robot: SigningKey;
let sinkSecret: string;
let sink: { readonly url: string; readonly seen: readonly Delivery[] };

const start = (masterKey: string, older?: string): Promise<Server> =>
  startServer({ stateDir, environment: { MASTER_KEY: masterKey, MASTER_KEY_OLD: older, ALLOW_LOCAL_TARGETS: "1" } });

/** Runs `npx rivulet reseal` against a server; gives what it said and its exit code. */
async function reseal({ url }: Server, ...args: readonly string[]): Promise<{ readonly code: number | null; readonly said: string }> {
  const run = command("rivulet", { args: ["reseal", ...args], environment: { RIVULET_URL: url } });
  const { code } = await run.ended;
  return { code, said: run.output() };
}

async function listening(): Promise<{ readonly url: string; readonly seen: readonly Delivery[]; readonly close: () => void }> {
  const seen: Delivery[] = [];
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString();
    seen.push({ headers: request.headers, body });
    response.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, close: () => void server.close() };
}

async function put(server: Server, path: string, { method = "POST", body, headers }: { method?: string; body: unknown; headers?: Record<string, string> }) {
  const answer = await ask<Record<string, never>>(server.url, path, { method, body, ...(headers && { headers }) });
  if (answer.status >= 300) throw new Error(`expected ${path} to be taken, got ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body as unknown as {
    readonly id: string;
    readonly sink: { readonly secret: string };
    readonly shownOnce: { readonly uri: string };
    readonly signingKey: SigningKey;
  };
}

/** The headers that are there. */
function given(headers: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter((field): field is [string, string] => field[1] !== undefined));
}

/** Whether each thing that needs a secret works: a delivery in, a token, a signed request, a second factor. */
async function working({ url }: Server, periods: number): Promise<readonly (number | string)[]> {
  const body = JSON.stringify({ action: "opened", number: Math.random() });
  const signature = `sha256=${createHmac("sha256", SIGNED).update(body).digest("hex")}`;
  const delivery = await fetch(`${url}/v1/webhooks/acme/github`, {
    method: "POST",
    body,
    headers: { "content-type": "application/json", "x-hub-signature-256": signature, "x-github-event": "issues", "x-github-delivery": crypto.randomUUID() },
  });
  const token = await new SignJWT({ scope: "streams:read" })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer("https://machines.example")
    .setAudience("reseal")
    .setSubject("robot")
    .setExpirationTime("5m")
    .sign(new TextEncoder().encode(SHARED));
  const taken = await ask(url, "/v1/streams", { key: token });
  const code = totp.generate({ timestamp: Date.now() + periods * 30_000 });
  const login = await ask<{ events?: readonly { type: string }[] }>(url, "/v1/aggregates/account/ada/LogIn", {
    method: "POST",
    body: { password: person.password, code },
  });
  const asked = await fetch(`${url}/v1/streams`, { headers: given(signed(robot, { path: "/v1/streams" })) });
  return [delivery.status, taken.status, asked.status, login.body.events?.at(-1)?.type ?? login.status];
}

beforeAll(async () => {
  stateDir = await newFolder("rivulet-reseal-");
  const listener = await listening();
  sink = listener;
  const server = await start(OLD);
  await put(server, "/v1/sources/github", { method: "PUT", body: { scheme: "github", secrets: [SIGNED, "the one before"] }, headers: acme });
  const settings = { name: "out", types: ["local.#"], sink: { url: sink.url, headers: { "x-secret": "in a header" } } };
  sinkSecret = (await put(server, "/v1/subscriptions", { body: settings })).sink.secret;
  await put(server, "/v1/issuers", {
    body: { issuer: "https://machines.example", audience: "reseal", secret: SHARED, claims: { scopes: "scope" } },
    headers: acme,
  });
  await put(server, "/v1/aggregates/account/ada/Register", { body: person });
  totp = URI.parse((await put(server, "/v1/aggregates/account/ada/EnrolMfa", { body: {} })).shownOnce.uri) as TOTP;
  await put(server, "/v1/aggregates/account/ada/ConfirmMfa", { body: { code: totp.generate({ timestamp: Date.now() - 30_000 }) } });
  robot = (await put(server, "/v1/keys", { body: { name: "robot", scopes: ["streams:read"], signing: true } })).signingKey;
  await until(
    async () => (await ask<{ items: readonly unknown[] }>(server.url, "/v1/streams?category=account")).body.items.length,
    (count) => count === 1,
    20_000,
  );
  await stop(server);
  return listener.close;
});

describe("after MASTER_KEY was changed", () => {
  test("what the one before has sealed does not work without it, and reseal says what is left", async () => {
    const server = await start(NEW);
    expect(await working(server, 0)).toEqual([503, 503, 503, 503]);
    const { code, said } = await reseal(server);
    expect(code, said).toBe(1);
    for (const stream of ["rivulet_source-github", "rivulet_subscription-", "rivulet_issuer-", "rivulet_key-", "account-ada"])
      expect(said).toMatch(new RegExp(`${stream}\\S*\\s+unopened`));
    expect(said).toContain("0 sealed anew");
    expect(said).not.toContain("drop MASTER_KEY_OLD");
    await stop(server);
  });

  test("everything works with the one before beside it; reseal goes on where it was broken off, and then that one can go", async () => {
    const both = await start(NEW, `an-even-older-key-of-theirs ${OLD}`);
    expect(await working(both, 0)).toEqual([202, 200, 200, "auth.LoginSucceeded"]);
    // Broken off after two of five.
    const first = await ask<{ items: readonly Item[]; next: string }>(both.url, "/v1/reseal?limit=2", { method: "POST" });
    expect(first.body.items.map(({ state }) => state)).toEqual(["resealed", "resealed"]);
    const rest = await reseal(both, "--limit", "1");
    expect(rest.said).toContain("5 looked at: 3 sealed anew, 2 were as they are, 0 left");
    expect([rest.code, rest.said.includes("drop MASTER_KEY_OLD")]).toEqual([0, true]);
    expect((await reseal(both)).said).toContain("5 looked at: 0 sealed anew, 5 were as they are, 0 left");
    await stop(both);

    const server = await start(NEW);
    onTestFinished(() => stop(server));
    expect(await working(server, 1)).toEqual([202, 200, 200, "auth.LoginSucceeded"]);
    const before = sink.seen.length;
    await append(server.url, "note-1", [{ n: 1 }]);
    await until(
      async () => sink.seen.length,
      (count) => count > before,
      20_000,
    );
    const { headers, body } = sink.seen.at(-1) as Delivery;
    expect(headers["x-secret"]).toBe("in a header");
    expect(new Webhook(sinkSecret).verify(body, headers as Record<string, string>)).toMatchObject({ type: "local.Happened" });
  });
});
