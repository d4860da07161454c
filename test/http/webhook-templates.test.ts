import { beforeAll, describe, expect, test } from "vitest";
import { adminKey, expectProblem, get, type HeaderFields, newerThan, send } from "../support/http.ts";
import { eventOf, idsOf, post, putSource } from "./webhook-delivery.ts";
import { PRODUCERS } from "./webhook-signers.ts";

const key = { authorization: `Bearer ${adminKey}` };
const put = (settings: object, source = "refused") => send("PUT", `/v1/sources/${source}`, { scheme: "none", ...settings });
const TEMPLATES = { type: "shop.{body.type}", stream: "purchase-{body.data.object.id}", id: "{header.X-Request-Id}" };

let count = 0;
/** Sets up a source with these templates and delivers to it; gives the answer and the source's name. */
async function delivered(templates: object, body: string, headers: HeaderFields = {}) {
  const source = `templates${count++}`;
  await putSource(source, { scheme: "none", ...templates });
  return { source, answer: await post(source, body, { ...key, ...headers }) };
}

describe("a source's templates", () => {
  test("name its events, in the place of the scheme's defaults", async () => {
    const body = '{"type":"order.paid","data":{"object":{"id":"o 7/ä"}}}';
    const { source, answer } = await delivered(TEMPLATES, body, { "x-request-id": "r-1", "webhook-id": "w-1" });
    expect(answer.status, answer.text).toBe(202);
    expect(await eventOf(answer, source)).toMatchObject({ id: "r-1", type: "shop.order.paid", stream: "purchase-o_7__", source: `/webhooks/${source}` });
    expect((await post(source, body, { ...key, "x-request-id": "r-1" })).status).toBe(200);
    expect((await post(source, body, { ...key, "x-request-id": "r-2" })).status).toBe(202);
  });

  test("are shown by GET, kept by events, and gone when a PUT leaves them out", async () => {
    await putSource("shown", { scheme: "github", secret: "s", ...TEMPLATES });
    const shown = await get("/v1/sources/shown");
    expect(shown.json()).toEqual({ source: "shown", scheme: "github", url: "/v1/webhooks/default/shown", secretCount: 1, ...TEMPLATES });
    const last = await putSource("shown", { scheme: "github", secret: "s" });
    expect(last.headers.get("etag")).toBe('"2"');
    expect(last.json()).not.toHaveProperty("type");
    const { text } = await get("/v1/streams/rivulet_source-shown/events", newerThan(last));
    expect(text).toContain(JSON.stringify(TEMPLATES.stream));
  });

  test("are for every scheme, also where its own headers are missing", async () => {
    await putSource("renamed", { scheme: "github", secret: "s", type: "code.pushed", stream: "code-all", id: "{body.after}" });
    const body = '{"after":"1481a2de"}';
    const signed = (await PRODUCERS["github"]?.sign({ body, secret: "s", timestamp: 0, id: "" })) as HeaderFields;
    const answer = await post("renamed", body, signed);
    expect(await eventOf(answer, "renamed")).toMatchObject({ id: "1481a2de", type: "code.pushed", stream: "code-all" });
  });
});

describe("a template's value", () => {
  test.each([
    ["is a number to the digit", '{"v":12345678901234567890.10}', "12345678901234567890.10"],
    ["is true or false", '{"v":false}', "false"],
    ["is a list's element", '{"v":[{"w":[0,1e2]}]}', "1e2", "{body.v.0.w.1}"],
    ["is a name that looks like a number", '{"v":{"0":"zero"}}', "zero", "{body.v.0}"],
    ["is what the object has itself", '{"__proto__":{"v":"own"}}', "own", "{body.__proto__.v}"],
    ["is a header in any case", "{}", "Foo/1.0", "{header.user-AGENT}"],
  ])("%s", async (_, body, value, template = "{body.v}") => {
    const { source, answer } = await delivered({ type: "a.B", stream: "a-b", id: `<${template}>` }, body, { "user-agent": "Foo/1.0" });
    expect(answer.status, answer.text).toBe(202);
    expect(await eventOf(answer, source)).toMatchObject({ id: `<${value}>` });
  });

  test.each([
    ["{body.a.b}", '{"a":{}}', "body.a.b", "is missing"],
    ["{body.a.b}", "[]", "body.a.b", "is missing"],
    ["{body.a}", '{"a":null}', "body.a", "is null"],
    ["{body.a}", '{"a":{"b":1}}', "body.a", "is an object"],
    ["{body.a}", '{"a":[1]}', "body.a", "is a list"],
    ["{body.a}", '{"a":""}', "body.a", "is empty"],
    ["{body.a.2}", '{"a":[1,2]}', "body.a.2", "is missing"],
    ["{body.a.length}", '{"a":[1,2]}', "body.a.length", "is missing"],
    ["{body.toString}", "{}", "body.toString", "is missing"],
    ["{header.X-None}", "{}", "header.X-None", "is missing"],
    ["{header.X-Empty}", "{}", "header.X-Empty", "is empty"],
  ])("%s of %s is 422, which says that %s %s, and nothing is stored", async (template, body, path, is) => {
    const sources: string[] = [];
    for (const [name, text] of [
      ["id", template],
      ["type", `a.${template}`],
      ["stream", `a-${template}`],
    ] as const) {
      const { source, answer } = await delivered({ id: "{header.x-ok}", type: "a.B", stream: "a-b", [name]: text }, body, { "x-ok": "1", "x-empty": "" });
      const problem = expectProblem(answer, 422, "missing_value");
      expect(problem.errors).toEqual([{ path, message: `${is}: the template of the event's ${name} needs it` }]);
      expect(problem.detail).toContain(`${path} ${is}`);
      sources.push(source);
    }
    expect(await idsOf(sources)).toEqual([]);
  });

  test("that is missing is named beside the others that are", async () => {
    const { answer } = await delivered({ stream: "{body.kind}-{body.a}:{header.X-B}" }, "{}");
    expect(expectProblem(answer, 422).errors?.map(({ path }) => path)).toEqual(["body.kind", "body.a", "header.X-B"]);
  });

  test("is made fit for a type and for a stream, whose border it cannot move", async () => {
    const { source, answer } = await delivered({ type: "{body.t}", stream: "{body.c}-{body.i}" }, '{"t":".a b..*.","c":"Big-Shop 7","i":"../é-x"}');
    expect(answer.status, answer.text).toBe(202);
    expect(await eventOf(answer, source)).toMatchObject({ type: "a_b._", stream: "big_shop_7-..__-x" });
    const long = await delivered({ stream: "a-{body.i}" }, JSON.stringify({ i: "x".repeat(300) }));
    expect((await eventOf(long.answer, long.source)).stream).toBe(`a-${"x".repeat(200)}`);
    const dots = await delivered({ stream: "a-{body.i}" }, '{"i":".."}');
    expect((await eventOf(dots.answer, dots.source)).stream).toBe("a-_");
  });

  test("that makes a category of the platform is 403, one that makes none 422", async () => {
    const sources: string[] = [];
    for (const [c, status, code] of [
      ["audit", 403, "reserved_category"],
      ["Rivulet-Source", 403, "reserved_category"],
      ["9lives", 422, "invalid_stream"],
      ["_x", 422, "invalid_stream"],
      ["x".repeat(501), 422, "invalid_stream"],
    ] as const) {
      const { source, answer } = await delivered({ stream: "{body.c}-{body.c}" }, JSON.stringify({ c }));
      expectProblem(answer, status, code);
      sources.push(source);
    }
    expect(await idsOf(sources)).toEqual([]);
  });

  test("that makes a type of the platform, or an id over 256 characters, is 422", async () => {
    const { answer } = await delivered({ type: "{body.t}" }, '{"t":"rivulet.SourceRemoved"}');
    expect(expectProblem(answer, 422).errors).toMatchObject([{ path: "type" }]);
    const long = await delivered({ id: "{body.i}" }, JSON.stringify({ i: "x".repeat(257) }));
    expect(expectProblem(long.answer, 422).errors).toMatchObject([{ path: "id" }]);
    expect((await delivered({ id: "{body.i}" }, JSON.stringify({ i: "x".repeat(256) }))).answer.status).toBe(202);
  });
});

describe("a PUT with a template that is none is 422, with its path and the character,", () => {
  beforeAll(async () => {
    expectProblem(await get("/v1/sources/refused"), 404);
  });

  test.each<[string, string, number, RegExp]>([
    ["type", "", 1, /at least one character/],
    ["type", "a.{body.x", 3, /a } that closes/],
    ["type", "a.b}c", 4, /a { before/],
    ["type", "a.{body.{x}}", 9, /a } before another/],
    ["type", "a.{}", 4, /header\.<Name> or body\.<path>/],
    ["type", "a.{query.x}", 4, /got query\.x/],
    ["type", "a.{body}", 4, /got body$/],
    ["type", "a.{body.}", 9, /a name between the dots/],
    ["type", "a.{body.x..y}", 11, /a name between the dots/],
    ["type", "a.{header.}", 11, /header's name/],
    ["type", "a.{header.X Y}", 11, /header's name/],
    ["type", "a b", 2, /" " cannot stand in a type/],
    ["type", "a.{body.x}.*", 12, /"\*" cannot stand/],
    ["type", ".{body.x}", 1, /word between the dots/],
    ["type", "{body.x}.", 9, /word between the dots/],
    ["type", "a..{body.x}", 2, /word between the dots/],
    ["type", "rivulet.{body.x}", 1, /platform's/],
    ["stream", "order", 1, /no - outside/],
    ["stream", "{body.a-b}", 1, /no - outside/],
    ["stream", "Order-{body.x}", 1, /"O" cannot stand in a category/],
    ["stream", "9-{body.x}", 1, /category of/],
    ["stream", "-{body.x}", 1, /category before/],
    ["stream", "order-", 7, /id after/],
    ["stream", "order-..", 7, /not \. or \.\./],
    ["stream", "order-{body.x}/y", 15, /"\/" cannot stand in a stream's id/],
    ["stream", `order-${"x".repeat(201)}`, 7, /1 to 200/],
    ["stream", "audit-{body.x}", 1, /audit is the platform's/],
    ["stream", "rivulet_source-{body.x}", 1, /platform's/],
    ["stream", "rivulet_{body.kind}-{body.x}", 1, /platform's/],
    ["id", "always-the-same", 1, /value in braces/],
    ["id", "{header.Authorization}", 9, /carries a secret/],
    ["id", "{body.x}{header.cookie}", 17, /carries a secret/],
  ])("%s %j", async (name, template, at, message) => {
    const [error, ...others] = expectProblem(await put({ [name]: template }), 422).errors ?? [];
    expect(others).toEqual([]);
    expect(error?.path).toBe(name);
    expect(error?.message).toMatch(message);
    expect(error?.message).toMatch(new RegExp(`^At character ${at}: `));
    expectProblem(await get("/v1/sources/refused"), 404);
  });

  test("and one over 512 characters, or that is no text, with its path", async () => {
    for (const type of ["x".repeat(513), 5, null, {}]) expect(expectProblem(await put({ type }), 422).errors?.map(({ path }) => path)).toEqual(["type"]);
    for (const [name, text] of [
      ["type", "x".repeat(257)],
      ["id", `${"x".repeat(256)}{body.x}`],
    ] as const)
      expect(expectProblem(await put({ [name]: text }), 422).errors).toEqual([
        { path: name, message: "At character 1: Expected at most 256 characters of text" },
      ]);
    expect((await put({ type: "x".repeat(256) }, "long")).status).toBe(201);
  });

  test("and every fault at once", async () => {
    expect(
      expectProblem(await put({ type: "}", stream: "x", id: "x" }), 422)
        .errors?.map(({ path }) => path)
        .sort(),
    ).toEqual(["id", "stream", "type"]);
  });
});

describe("a PUT with settings of another scheme is 422", () => {
  const hmac = { scheme: "hmac", secret: "s", header: "X-Signature", algorithm: "sha256", encoding: "hex" };
  test.each([
    ["hmac without its header", { ...hmac, header: undefined }, "header"],
    ["hmac without an algorithm", { ...hmac, algorithm: undefined }, "algorithm"],
    ["hmac without an encoding", { ...hmac, encoding: undefined }, "encoding"],
    ["md5", { ...hmac, algorithm: "md5" }, "algorithm"],
    ["an unknown encoding", { ...hmac, encoding: "base32" }, "encoding"],
    ["a header that is none", { ...hmac, header: "X Signature" }, "header"],
    ["a prefix with a line's end", { ...hmac, prefix: "a\nb" }, "prefix"],
    ["a tolerance without a timestamp", { ...hmac, tolerance: 60 }, "tolerance"],
    ["a tolerance of nothing", { ...hmac, timestampHeader: "X-T", tolerance: 0 }, "tolerance"],
    ["a tolerance of days", { ...hmac, timestampHeader: "X-T", tolerance: 86_401 }, "tolerance"],
    ["hmac without a secret", { ...hmac, secret: undefined }, "secret"],
    ["stripe with a header", { scheme: "stripe", secret: "s", header: "X-Signature" }, ""],
    ["none with secrets", { scheme: "none", secrets: ["a", "b"] }, ""],
    ["a setting that is unknown", { scheme: "none", colour: "blue" }, ""],
  ])("%s", async (_, settings, path) => {
    const answer = await send("PUT", "/v1/sources/other", settings);
    expect(expectProblem(answer, 422).errors?.map((error) => error.path)).toEqual([path]);
    expectProblem(await get("/v1/sources/other"), 404);
  });

  test("and of its own is shown as it was given, the algorithm in one spelling", async () => {
    const settings = { ...hmac, algorithm: "SHA-256", prefix: "", timestampHeader: "X-T", tolerance: 60 };
    const answer = await send("PUT", "/v1/sources/own", settings);
    const { secret, ...open } = settings;
    expect(answer.json()).toEqual({ ...open, algorithm: "sha256", source: "own", url: "/v1/webhooks/default/own", secretCount: 1 });
    expect((await get("/v1/sources/own")).json()).toEqual(answer.json());
    expect(answer.text).not.toContain(`"${secret}"`);
  });
});
