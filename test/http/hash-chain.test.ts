import canonicalize from "canonicalize";
import { expect, test } from "vitest";
import { append, eventsOf, everything, newerThan, type StoredEvent } from "../support/http.ts";

async function sha256(value: unknown): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(canonicalize(value) as string));
  return `sha256:${Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** The event's two hashes as DESIGN.md defines them, from its JSON alone. */
async function expected(tenant: string, event: StoredEvent): Promise<{ hash: string; dataHash: string }> {
  const { previousHash, stream, version, id, type, schemaVersion, time, recorded, source, metadata } = event;
  const dataHash = await sha256(event.data);
  return { dataHash, hash: await sha256({ v: 1, previousHash, dataHash, tenant, stream, version, id, type, schemaVersion, time, recorded, source, metadata }) };
}

const events = [
  { type: "proof.Given", data: { b: [1.5, "é", null, true], a: { ß: 1e21, "1": -0.000001 }, "": "€\n\u2028" } },
  { type: "proof.Given", data: "plain", id: "Ω/1", source: "/producer", time: "2020-02-29T00:00:00+01:00", schemaVersion: 3 },
  { type: "proof.Given", data: [], metadata: { causationId: "c", mine: { z: 1, a: [2] } } },
];

test.each(["default", "prover"])("anyone can compute the hashes of tenant %s's stream from its JSON alone", async (tenant) => {
  await append("proof-1", events, { "tenant-id": tenant });
  const stored = await eventsOf("proof-1", { "tenant-id": tenant });
  expect(stored).toHaveLength(3);
  for (const event of stored) expect(event).toMatchObject(await expected(tenant, event));
});

test("the log's copy has the same hashes and hashes to them", async () => {
  const last = await append("proof-log", events);
  const logged = await everything("/v1/events?stream=proof-log", newerThan(last));
  expect(logged.map(({ hash }) => hash)).toEqual((await eventsOf("proof-log")).map(({ hash }) => hash));
  for (const event of logged) expect(event).toMatchObject(await expected("default", event));
});

test("the first event of every stream has the same predecessor, which is none", async () => {
  await append("proof-a", events);
  await append("proof-b", events);
  const [a, b] = [(await eventsOf("proof-a"))[0], (await eventsOf("proof-b"))[0]];
  expect(a?.previousHash).toMatch(/^sha256:0{64}$/);
  expect(b?.previousHash).toBe(a?.previousHash);
  expect(b?.hash).not.toBe(a?.hash);
});
