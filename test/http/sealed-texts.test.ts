import { env as bindings } from "cloudflare:workers";
import { type TOTP, URI } from "otpauth";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { DispatcherObject } from "../../durable-objects/dispatcher.ts";
import { objectFor, tenantKeyFor } from "../../durable-objects/object-for.ts";
import { TenantKeyObject } from "../../durable-objects/tenant-key.ts";
import type { Env } from "../../src/env.ts";
import { sealContext } from "../../src/kernel/index.ts";
import { sealers } from "../../src/sealing-composed.ts";
import type { Sealer } from "../../src/webhooks/seal.ts";
import { type Answer, everything, expectProblem, newerThan, ok, send, type StoredEvent } from "../support/http.ts";
import { metadata } from "../support/metadata.ts";
import { sealedBefore } from "../support/sealed-before.ts";
import { eventually } from "./eventually.ts";
import { made } from "./subscriptions.ts";
import { deliver } from "./webhook-delivery.ts";
import { type Producer, PRODUCERS } from "./webhook-signers.ts";

const env = bindings as unknown as Env;
const github = PRODUCERS["github"] as Producer;
const person = { email: "ada@example.com", password: "correct horse battery staple" };

/** As an isolate has it that remembers nothing yet. */
const newSealer = (): Sealer => sealers(Date.now)(env) as Sealer;
const make = (id: string) => send("POST", "/v1/tenants", { id, name: id });
const statusOf = async (id: string): Promise<string> => ok<{ status: string }>(await send("GET", `/v1/tenants/${id}`)).status;
const remove = async (id: string): Promise<void> => {
  await send("POST", `/v1/tenants/${id}/suspend`);
  expect((await send("DELETE", `/v1/tenants/${id}`)).status).toBe(202);
};
const isDeleted = (id: string) =>
  eventually(
    `${id} to be deleted`,
    () => statusOf(id),
    (status) => status === "deleted",
  );

afterEach(() => {
  vi.restoreAllMocks();
});

/** A sealed text, and the stream that it stands in. */
interface Copy {
  readonly stream: string;
  readonly sealed: string;
}

/** Every sealed text in a tenant's log. */
async function copiesOf(tenant: string, after: Answer): Promise<readonly Copy[]> {
  const log: StoredEvent[] = [];
  for (const category of ["rivulet_source", "rivulet_subscription", "rivulet_issuer", "rivulet_key", "account"])
    log.push(...(await everything<StoredEvent>(`/v1/events?category=${category}`, { "tenant-id": tenant, ...newerThan(after) })));
  return log.flatMap(({ stream, data }) => (JSON.stringify(data).match(/\bv\d\.[\w-]{4,}\.[\w-]{4,}\.[\w-]{4,}/g) ?? []).map((sealed) => ({ stream, sealed })));
}

const openedBy = ({ open }: Sealer, tenant: string, copies: readonly Copy[]) =>
  Promise.all(copies.map(({ stream, sealed }) => open(sealed, sealContext(tenant, stream))));

describe("every secret that the API seals", () => {
  const acme = { "tenant-id": "sealing-acme" };
  let copies: readonly Copy[];
  let secrets: readonly string[];

  beforeAll(async () => {
    await make("sealing-acme");
    ok(await send("PUT", "/v1/sources/github", { scheme: "github", secrets: ["the present one", "the one before"] }, acme));
    await made("out", { sink: { url: "https://shop.example/hook", headers: { "x-token": "in a header" }, secret: `whsec_${btoa("s".repeat(32))}` } }, acme);
    const issuer = { issuer: "https://sealing.example", audience: "sealing", secret: "a secret that is long enough for HS256", claims: { scopes: "scope" } };
    ok(await send("POST", "/v1/issuers", issuer, acme));
    const robot = ok<{ signingKey: { secret: string } }>(await send("POST", "/v1/keys", { name: "robot", scopes: ["streams:read"], signing: true }, acme));
    ok(await send("POST", "/v1/aggregates/account/ada/Register", person, acme));
    const enrolled = await send("POST", "/v1/aggregates/account/ada/EnrolMfa", {}, acme);
    const totp = URI.parse(ok<{ shownOnce: { uri: string } }>(enrolled).shownOnce.uri) as TOTP;
    secrets = [
      "the present one",
      "the one before",
      '{"x-token":"in a header"}',
      `whsec_${btoa("s".repeat(32))}`,
      issuer.secret,
      robot.signingKey.secret,
      totp.secret.base32,
    ];
    copies = await eventually(
      "all of them to be in the log",
      () => copiesOf("sealing-acme", enrolled),
      (found) => found.length >= secrets.length,
    );
  });

  test("is sealed in the form of today, under the key of its tenant", async () => {
    expect(copies.map(({ sealed }) => sealed.slice(0, 3))).toEqual(secrets.map(() => "v2."));
    expect((await openedBy(newSealer(), "sealing-acme", copies)).toSorted()).toEqual(secrets.toSorted());
    const beside = await Promise.all(copies.map(({ stream, sealed }) => newSealer().open(sealed, { tenant: "beside", place: `sealing-acme/${stream}` })));
    expect(beside).toEqual(secrets.map(() => undefined));
  });

  test("is lost when its tenant is deleted, with whatever copy and the same MASTER_KEY", async () => {
    await remove("sealing-acme");
    await isDeleted("sealing-acme");
    expect(await openedBy(newSealer(), "sealing-acme", copies)).toEqual(secrets.map(() => undefined));
    expect(await tenantKeyFor(env, "sealing-acme").key()).toEqual({ destroyed: true });
  });
});

test("a secret that comes late, for a tenant whose key is destroyed, is sealed by nobody: 403, as for whoever comes late", async () => {
  const late = { "tenant-id": "too-late" };
  await make("too-late");
  await tenantKeyFor(env, "too-late").destroy();
  expectProblem(await send("PUT", "/v1/sources/github", { scheme: "github", secret: "late" }, late), 403, "tenant_deleted");
  ok(await send("POST", "/v1/aggregates/account/ada/Register", person, late));
  expectProblem(await send("POST", "/v1/aggregates/account/ada/EnrolMfa", {}, late), 403, "tenant_deleted");
});

describe("while a tenant's key cannot be read", () => {
  const mute = () =>
    vi.spyOn(TenantKeyObject.prototype, "key").mockImplementation(() => {
      throw new Error("not now");
    });

  test("what needs it is 503 and to be tried again; then it is as it was", async () => {
    mute();
    const put = () => send("PUT", "/v1/sources/github", { ...github.settings, secret: github.secret }, { "tenant-id": "mute-key" });
    const refused = await put();
    expectProblem(refused, 503, "overloaded");
    expect(refused.headers.get("retry-after")).toBe("1");
    vi.restoreAllMocks();
    expect((await put()).status).toBe(201);
  });

  test("a delivery is 503, not one that nobody signed", async () => {
    // Of a tenant that no isolate remembers the key of.
    const secret = await newSealer().seal(github.secret, sealContext("default", "rivulet_source-mute"));
    await configure("default", "mute", { scheme: "github", secret });
    mute();
    expectProblem(await deliver("mute", github, { id: "mute-1" }), 503, "overloaded");
    vi.restoreAllMocks();
    expect((await deliver("mute", github, { id: "mute-1" })).status).toBe(202);
  });
});

/** Has a source keep a secret as it is sealed already. */
async function configure(tenant: string, source: string, data: object): Promise<Answer["headers"]> {
  const request = { command: { name: "Configure", data }, precondition: { kind: "none" }, source: "/test", metadata } as const;
  const result = await objectFor(env, tenant, `rivulet_source-${source}`).execute(request);
  if (!result.ok) throw new Error(`expected the source to be configured, got ${result.detail}`);
  return new Headers({ "consistency-token": `rivulet_source-${source}:${result.version}` });
}

describe("POST /v1/reseal", () => {
  const MASTER_KEY = env.MASTER_KEY as string;
  const settings = async (tenant: string, source: string) => ({
    scheme: "github",
    secret: await sealedBefore(MASTER_KEY, github.secret, `${tenant}/rivulet_source-${source}`),
  });
  const kept = async (tenant: string, source: string): Promise<string> => {
    const { state } = await objectFor(env, tenant, `rivulet_source-${source}`).state();
    return (JSON.parse(state) as { configuration: { secret: string } }).configuration.secret;
  };
  const logged = (tenant: string, source: string) =>
    eventually(
      "the source to be in the log",
      () => everything<StoredEvent>("/v1/events?category=rivulet_source", { "tenant-id": tenant }),
      (found) => found.some(({ stream }) => stream === `rivulet_source-${source}`),
    );
  const stateOf = async (tenant: string, stream: string): Promise<string | undefined> => {
    const items: { tenant: string; stream: string; state: string }[] = [];
    for (let next: string | null = ""; next !== null;) {
      const page: { items: typeof items; next: string | null } = ok<{ items: typeof items; next: string | null }>(
        await send("POST", `/v1/reseal${next === "" ? "" : `?cursor=${next}`}`),
      );
      items.push(...page.items);
      next = page.next;
    }
    return items.find((item) => item.tenant === tenant && item.stream === stream)?.state;
  };

  test("seals what is in the form before under its tenant's own key, once; it works before and after", async () => {
    await configure("default", "older", await settings("default", "older"));
    await logged("default", "older");
    expect((await deliver("older", github, { id: "older-1" })).status).toBe(202);
    expect(await kept("default", "older")).toMatch(/^v1\./);
    expect(await stateOf("default", "rivulet_source-older")).toBe("resealed");
    expect(await kept("default", "older")).toMatch(/^v2\./);
    expect(await stateOf("default", "rivulet_source-older")).toBe("current");
    expect((await deliver("older", github, { id: "older-2" })).status).toBe(202);
  });

  test("leaves what is of a tenant whose deletion is under way, and says of nothing there that it does not open", async () => {
    await make("half-gone");
    await configure("half-gone", "older", await settings("half-gone", "older"));
    await logged("half-gone", "older");
    const retire = vi.spyOn(DispatcherObject.prototype, "retire").mockRejectedValue(new Error("not now"));
    await remove("half-gone");
    await eventually(
      "the job to stand still",
      async () => retire.mock.calls.length,
      (count) => count > 0,
    );
    expect(await tenantKeyFor(env, "half-gone").key()).toEqual({ destroyed: true });
    expect(await stateOf("half-gone", "rivulet_source-older")).toBe("current");
    vi.restoreAllMocks();
    await isDeleted("half-gone");
  });
});
