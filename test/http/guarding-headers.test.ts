import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import { adminKey, append, get, send } from "../support/http.ts";
import { open } from "./open.ts";

const worker = (exports as unknown as { default: Fetcher }).default;
const EVERYWHERE = { "x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "x-frame-options": "DENY" };
const NOTHING = "default-src 'none'; frame-ancestors 'none'";

test("every answer is what its type says, in no frame, told to nobody, and kept by nobody on the way", async () => {
  const answers = [
    await append("guard-1", [{ type: "x.Y", data: 1 }]),
    await get("/v1/streams/guard-1/events"),
    await get("/v1/streams/guard-1/events", { accept: "application/x-ndjson" }),
    await get("/v1/streams/none-1"),
    await get("/v1/streams", { authorization: undefined }),
    await get("/no/such/path"),
    await send("OPTIONS", "/v1/streams"),
    await send("PUT", "/v1/streams", "{}"),
    await send("POST", "/v1/webhooks/default/none", "{}"),
    await get("/health"),
    await get("/openapi.json"),
  ];
  for (const { status, headers } of answers) {
    expect(Object.fromEntries(headers), String(status)).toMatchObject({ ...EVERYWHERE, "content-security-policy": NOTHING });
    expect(headers.get("cache-control"), String(status)).toMatch(/no-store|no-cache|^public, max-age/);
    if (headers.get("cache-control")?.startsWith("public")) expect(status).toBe(200);
  }
  expect(answers[1]?.headers.get("cache-control")).toBe("private, no-cache");
});

test("the page of the documentation has its own policy, and is in no frame either", async () => {
  const { headers } = await get("/docs");
  expect(Object.fromEntries(headers)).toMatchObject(EVERYWHERE);
  expect(headers.get("content-security-policy")).toMatch(/script-src 'sha256-.*frame-ancestors 'none'/);
});

test("live connections carry them as well", async () => {
  await append("guard-2", [{ type: "x.Y", data: 1 }]);
  const sse = await open("/v1/streams/guard-2/live");
  expect(Object.fromEntries(sse.headers)).toMatchObject({ ...EVERYWHERE, "cache-control": "no-store" });
  await sse.body?.cancel();
});

test("browsers are told to stay with https where they came by it, and nothing where they did not", async () => {
  const ask = (scheme: string): Promise<Response> => worker.fetch(`${scheme}://rivulet.test/health`, { headers: { authorization: `Bearer ${adminKey}` } });
  const [plain, secure] = [await ask("http"), await ask("https")];
  expect([plain.headers.get("strict-transport-security"), secure.headers.get("strict-transport-security")]).toEqual([null, "max-age=31536000"]);
});
