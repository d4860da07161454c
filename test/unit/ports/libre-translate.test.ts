import { afterEach, describe, expect, test } from "vitest";
import type { TranslationAsked } from "../../../src/domains/subtitles/index.ts";
import { libreTranslate, type LibreTranslateGiven } from "../../../src/ports/libre-translate.ts";
import { type Answering, type TranslationServer, translationServer } from "./translation-server.ts";

let server: TranslationServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

const asked = (more: Partial<TranslationAsked> = {}): TranslationAsked => ({
  texts: ["Good morning", "Good night"],
  format: "srt",
  from: "en",
  to: "he",
  key: "k",
  signal: new AbortController().signal,
  ...more,
});

async function translate(more: Partial<TranslationAsked> = {}, answering?: Answering, given: Partial<LibreTranslateGiven> = {}) {
  server = await translationServer(answering);
  return libreTranslate({ url: server.url, ...given }).translate(asked(more));
}

/** Answers a translation; languages are answered as usual. */
const onTranslate =
  (answering: Answering): Answering =>
  (got, response) =>
    got.path === "/translate" ? answering(got, response) : undefined;
const refusing = (status: number, body: unknown = {}): Answering =>
  onTranslate((_, response) => {
    response.statusCode = status;
    return body;
  });

describe("a translator of LibreTranslate's protocol", () => {
  test("asks for the languages, then for all texts at once, as plain text", async () => {
    expect(await translate()).toEqual({ ok: true, texts: ["GOOD MORNING", "GOOD NIGHT"] });
    expect(server?.asked).toEqual([
      { method: "GET", path: "/languages", body: {} },
      { method: "POST", path: "/translate", body: { q: ["Good morning", "Good night"], source: "en", target: "he", format: "text" } },
    ]);
  });

  test("finds its server under a path, and shows it its key", async () => {
    server = await translationServer();
    await libreTranslate({ url: `${server.url}/under/here`, apiKey: "a key" }).translate(asked());
    expect(server.asked.map(({ path }) => path)).toEqual(["/under/here/languages", "/under/here/translate"]);
    expect(server.asked[1]?.body.api_key).toBe("a key");
  });

  test("keeps italics, bold, underlined and new lines of SubRip, and what is written as entities in HTML alone", async () => {
    const texts = ["<i>Up</i> & <b>away</b>\nand <u>down</u>", 'a < b > "c"', "<font color=red>red</font>"];
    expect(await translate({ texts })).toEqual({ ok: true, texts: ["<i>UP</i> & <b>AWAY</b>\nAND <u>DOWN</u>", expect.any(String), "RED"] });
    expect(server?.asked[1]?.body).toMatchObject({ format: "html", q: ["<i>Up</i> &amp; <b>away</b><br>and <u>down</u>", 'a < b > "c"', "red"] });
  });

  test("keeps WebVTT's entities as they are, and loses its voices, classes and times", async () => {
    const texts = ["<v Ann>Up &amp; <00:01.000><c.loud>away</c></v>\nnow"];
    expect(await translate({ texts, format: "vtt" })).toEqual({ ok: true, texts: ["UP &amp; AWAY\nNOW"] });
  });

  test("asks for few texts at a time, in their order, and for none that is blank", async () => {
    const texts = Array.from({ length: 120 }, (_, index) => (index % 10 === 0 ? " " : `text ${index}`));
    expect(await translate({ texts })).toEqual({ ok: true, texts: texts.map((text) => text.toUpperCase()) });
    expect(server?.asked.slice(1).map(({ body }) => body.q.length)).toEqual([50, 50, 8]);
    expect(server?.asked.flatMap(({ body }) => body.q ?? [])).toEqual(texts.filter((text) => text !== " "));
  });

  test("asks for few characters at a time, however few texts they are", async () => {
    server = undefined;
    expect(await translate({ texts: ["a".repeat(3_000), "b".repeat(3_000), "c".repeat(9_000), "d", "e"] })).toMatchObject({ ok: true });
    expect(server).toBeDefined();
    expect((server as unknown as TranslationServer).asked.slice(1).map(({ body }) => body.q.map((text) => text[0]).join(""))).toEqual(["a", "b", "c", "de"]);
  });

  test.each([
    ["pt-br", "pt"],
    ["zh", "zh-Hans"],
    ["zh-hans", "zh-Hans"],
    ["he", "he"],
  ])("says %s as the server does: %s", async (to, target) => {
    expect(await translate({ to })).toMatchObject({ ok: true });
    expect(server?.asked[1]?.body.target).toBe(target);
  });

  test.each([
    [{ to: "fr" }, "fr"],
    [{ from: "x-klingon" }, "x-klingon"],
  ])("gives up on a language that the server does not know: %j", async (more, language) => {
    expect(await translate(more)).toEqual({ ok: false, reason: `The translator does not know the language ${language}.`, isFinal: true });
    expect(server?.asked).toHaveLength(1);
  });

  test.each([
    [400, { error: "he is not supported" }, "The translator answered 400: he is not supported", true],
    [403, { error: "Visit the portal to get an API key" }, "The translator answered 403: Visit the portal to get an API key", true],
    [429, { error: "Slowdown" }, "The translator answered 429: Slowdown", false],
    [500, { error: "Cannot translate text" }, "The translator answered 500: Cannot translate text", false],
    [503, "not as agreed", "The translator answered 503.", false],
    [302, {}, "The translator answered 302.", true],
  ])("says why at %d, and whether asking again may help", async (status, body, reason, isFinal) => {
    expect(await translate({}, refusing(status, body))).toEqual({ ok: false, reason, isFinal });
  });

  test("follows nobody who sends it elsewhere", async () => {
    const other = await translationServer();
    const answering = onTranslate((_, response) => {
      response.statusCode = 307;
      response.setHeader("location", `${other.url}/translate`);
      return {};
    });
    expect(await translate({}, answering)).toMatchObject({ ok: false, isFinal: true });
    expect(other.asked).toEqual([]);
    await other.stop();
  });

  test.each([
    ["no JSON", "<html>"],
    ["another form", { translated: [] }],
    ["one text for a list", { translatedText: "a" }],
    ["something that is no text", { translatedText: [1, 2] }],
  ])("gives up on an answer of %s", async (_, body) => {
    const answering = onTranslate((__, response) => (typeof body === "string" ? (response.end(body), null) : body));
    expect(await translate({}, answering)).toEqual({ ok: false, reason: "The translator answered something else than was asked for.", isFinal: true });
  });

  test("gives up on too few texts", async () => {
    const few = onTranslate(() => ({ translatedText: ["a"] }));
    expect(await translate({}, few)).toEqual({ ok: false, reason: "The translator was given 2 texts, and answered 1.", isFinal: true });
  });

  test("reads no more of an answer than a megabyte, though it never ends", async () => {
    // Far more than lies in the buffers between the two, which the system fills whether or not anybody reads.
    const most = 1_000;
    let sent = 0;
    const endless = onTranslate((_, response) => {
      const more = (): void => {
        if (response.destroyed || sent === most) return;
        sent++;
        if (response.write("x".repeat(65_536))) setImmediate(more);
        else response.once("drain", more);
      };
      response.writeHead(200);
      more();
      return null;
    });
    expect(await translate({}, endless)).toEqual({ ok: false, reason: "The translator answered more than 1048576 bytes.", isFinal: true });
    expect(sent).toBeLessThan(most);
  });

  test("waits no longer than it may for one answer", async () => {
    const silent = onTranslate(() => null);
    const reason = "The translator could not be reached, or took too long.";
    expect(await translate({}, silent, { requestMs: 50 })).toEqual({ ok: false, reason, isFinal: false });
  });

  test("waits no longer than it may for a whole file, nor than it is wanted", async () => {
    const silent = onTranslate(() => null);
    const reason = "The translator took too long.";
    expect(await translate({}, silent, { fileMs: 50 })).toEqual({ ok: false, reason, isFinal: false });
    await server?.stop();
    const stopped = new AbortController();
    const stopping = onTranslate(() => (stopped.abort(), null));
    expect(await translate({ signal: stopped.signal }, stopping)).toEqual({ ok: false, reason, isFinal: false });
  });

  test("may be asked again where nobody is there", async () => {
    server = await translationServer();
    await server.stop();
    const translated = await libreTranslate({ url: server.url }).translate(asked());
    expect(translated).toEqual({ ok: false, reason: "The translator could not be reached, or took too long.", isFinal: false });
  });
});
