import { describe, expect, test } from "vitest";
import { type Answer, append, eventsOf, expectProblem, get, type HeaderFields, ok, send } from "../support/http.ts";

const SRT = "application/x-subrip";
const srt = "1\n00:00:01,000 --> 00:00:02,500\nIs anybody <i>up</i> there?\n\n2\n00:00:03,000 --> 00:00:04,000\nNobody & nothing.\n";
const vtt = "WEBVTT\n\nintro\n00:01.000 --> 00:02.500 align:start\nIs anybody <i>up</i> there?\n\n00:03.000 --> 00:04.000\nNobody &amp; nothing.\n";

const pathOf = (title: string, language: string): string => `/subtitles/library/${encodeURIComponent(title)}/${language}`;
const put = (title: string, language: string, body: string | Uint8Array = srt, headers: HeaderFields = {}): Promise<Answer> =>
  send("PUT", pathOf(title, language), body, { "content-type": SRT, ...headers });
const file = (title: string, language: string, query = "", headers: HeaderFields = {}): Promise<Answer> => get(pathOf(title, language) + query, headers);

describe("PUT /subtitles/library/{title}/{language}", () => {
  test("keeps a new file with 201, the same again with 200, another one with 200", async () => {
    const [made, again] = [await put("Kept", "en"), await put("Kept", "en")];
    expect([made.status, again.status]).toEqual([201, 200]);
    expect(made.json()).toEqual({ title: "Kept", language: "en", format: "srt", cues: 2 });
    expect(made.headers.get("location")).toBe("/subtitles/library/Kept/en");
    expect(made.headers.get("consistency-token")).toMatch(/^subtitle_title-[0-9a-f]{32}@1$/);
    expect([again.headers.get("location"), again.headers.get("consistency-token")]).toEqual([null, made.headers.get("consistency-token")]);
    const changed = await put("Kept", "en", vtt, { "content-type": "text/vtt" });
    expect([changed.status, changed.json()]).toEqual([200, { title: "Kept", language: "en", format: "vtt", cues: 2 }]);
    expect((await put("Kept", "he")).status).toBe(201);
  });

  test("takes one title for another where only case and white space differ, and writes it as it came last", async () => {
    expect((await put("The  Lighthouse", "en")).status).toBe(201);
    expect((await put(" the LIGHTHOUSE ", "EN")).status).toBe(200);
    expect((await file("THE LIGHTHOUSE", "en")).text).toBe(srt);
  });

  test.each(["a/b", "100%", "what?#&=+", "יום ולילה 🗼", "events", "file", "x".repeat(200), "..x", "%2F"])("takes the title %s", async (title) => {
    expect((await put(title, "en")).status).toBe(201);
    expect((await file(title, "en")).text).toBe(srt);
    expect(ok(await get(`/subtitles/library/${encodeURIComponent(title)}`))).toMatchObject({ title, languages: ["en"] });
  });

  test.each([
    ["a title that is too long", "x".repeat(201), "en", "title"],
    ["a blank title", " ", "en", "title"],
    ["what is no language", "Kept", "english!", "language"],
    ["a language with an underscore", "Kept", "pt_BR", "language"],
  ])("refuses %s with 422", async (_, title, language, path) => {
    expect(expectProblem(await put(title, language), 422, "invalid_input").errors?.[0]?.path).toBe(path);
    expectProblem(await file(title, language), 422);
  });

  test("knows the format by how the file begins where the type does not say it", async () => {
    for (const type of ["text/plain", "application/octet-stream", "application/x-www-form-urlencoded", undefined]) {
      expect(ok(await put("Guessed", "en", vtt, { "content-type": type }))).toMatchObject({ format: "vtt" });
      expect(ok(await put("Guessed", "en", srt, { "content-type": type }))).toMatchObject({ format: "srt" });
    }
  });

  test.each(["application/json", "text/html", "image/png"])("refuses what is said to be %s with 415, and says what it takes", async (type) => {
    const answer = await put("Typed", "en", srt, { "content-type": type });
    expectProblem(answer, 415, "unsupported_media_type");
    expect(answer.headers.get("accept")).toBe("application/x-subrip, text/vtt, text/plain, application/octet-stream");
  });

  test("refuses a broken file with 422 and the line, and keeps nothing of it", async () => {
    const broken = srt.replace("-->", "->").replace("00:00:04", "00:00:02");
    const problem = expectProblem(await put("Broken", "en", broken), 422, "invalid_input");
    expect(problem.errors).toEqual([
      { path: "line 2", message: 'Expected times such as 00:00:01,000 --> 00:00:03,500, got "00:00:01,000 -> 00:00:02,500"' },
      { path: "line 6", message: 'Expected an end that is after the start, got "00:00:03,000 --> 00:00:02,000"' },
    ]);
    expect(problem.detail).toMatch(/^line 2: /);
    expectProblem(await file("Broken", "en"), 404);
  });

  test.each([
    ["nothing", "", SRT, 1],
    ["no cues", "WEBVTT\n\nNOTE none\n", "text/vtt", 1],
    ["SubRip that is said to be WebVTT", srt, "text/vtt", 1],
    ["WebVTT that is said to be SubRip", vtt, SRT, 1],
    ["binary", new Uint8Array([0x31, 0x0a, 0x00, 0xff, 0x89]), SRT, 2],
    ["random bytes", Uint8Array.from({ length: 512 }, (_, index) => (index * 89 + 137) % 256), "application/octet-stream", undefined],
  ])("refuses %s", async (_, body, type, line) => {
    const problem = expectProblem(await put("Broken", "en", body, { "content-type": type }), 422, "invalid_input");
    expect(problem.errors?.[0]?.path).toMatch(line === undefined ? /^line \d+$/ : new RegExp(`^line ${line}$`));
  });

  test("refuses what is over 1 MiB with 413, as it comes and as it would be stored", async () => {
    const cue = (text: string): string => `1\n00:00:01,000 --> 00:00:02,000\n${text}\n`;
    const mebibyte = 1_048_576;
    const most = mebibyte - 1_000;
    expect((await put("Large", "en", cue("x".repeat(most)))).status).toBe(201);
    expect((await file("Large", "en")).text).toHaveLength(cue("x".repeat(most)).length);
    expectProblem(await put("Large", "he", cue("x".repeat(mebibyte))), 413, "body_too_large");
    expectProblem(await put("Large", "he", cue('"'.repeat(most))), 413, "event_too_large");
    expect(ok<{ languages: string[] }>(await get("/subtitles/library/Large")).languages).toEqual(["en"]);
  });

  test("keeps a file of many cues", async () => {
    const many = Array.from({ length: 5_000 }, (_, index) => {
      const time = (milliseconds: number): string => new Date(milliseconds).toISOString().slice(11, 23).replace(".", ",");
      return `${index + 1}\n${time(index * 2_000)} --> ${time(index * 2_000 + 1_500)}\nLine ${index}\n`;
    }).join("\n");
    expect(ok(await put("Many", "en", many))).toMatchObject({ cues: 5_000 });
    const asVtt = (await file("Many", "en", "?format=vtt")).text;
    expect(asVtt.match(/-->/g)).toHaveLength(5_000);
    expect(asVtt.endsWith("02:46:38.000 --> 02:46:39.500\nLine 4999\n")).toBe(true);
  });

  test("needs a key, and is one tenant's own", async () => {
    expectProblem(await put("Mine", "en", srt, { authorization: undefined }), 401);
    ok(await put("Mine", "en"));
    expectProblem(await file("Mine", "en", "", { "tenant-id": "other-viewer" }), 404);
  });

  test("makes it once when many put the same file at the same moment", async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => put("Race", "en")));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([...Array<number>(7).fill(200), 201]);
  });
});

describe("an encoding is understood:", () => {
  const withText = (text: string): string => `1\r\n00:00:01,000 --> 00:00:02,000\r\n${text}\r\n`;
  /** ASCII, and a run of letters that stand together in the encoding as they do in Unicode. */
  const run = (first: string, byte: number) => (text: string) =>
    Uint8Array.from(withText(text), (char) => (char < "\x80" ? char.charCodeAt(0) : char.charCodeAt(0) - first.charCodeAt(0) + byte));
  const utf16 = (isLittle: boolean) => (text: string) =>
    Uint8Array.from(
      `\ufeff${withText(text)}`.split("").flatMap((char) => {
        const [high, low] = [char.charCodeAt(0) >> 8, char.charCodeAt(0) & 255];
        return isLittle ? [low, high] : [high, low];
      }),
    );
  const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
  const hebrew = "גם אתה שמעת? פעמיים. בחצות, ושוב בארבע. אז מי צלצל בפעמון?";
  const russian = "Ты тоже слышал? Дважды. В полночь и снова в четыре. Тогда кто звонил в колокол?";
  const japanese = new Uint8Array([...utf8("1\n00:00:01,000 --> 00:00:02,000\n"), 0x93, 0xfa, 0x96, 0x7b, 0x8c, 0xea, 0x0a]);

  test.each<readonly [name: string, bytes: Uint8Array, charset: string, text: string]>([
    ["UTF-8 with its mark", utf8(`\ufeff${withText(hebrew)}`), "", withText(hebrew)],
    ["UTF-16 LE with its mark", utf16(true)(hebrew), "", withText(hebrew)],
    ["UTF-16 BE with its mark", utf16(false)(hebrew), "", withText(hebrew)],
    ["windows-1255", run("א", 0xe0)(hebrew), "; charset=windows-1255", withText(hebrew)],
    ["windows-1255, guessed", run("א", 0xe0)(hebrew), "", withText(hebrew)],
    ["windows-1251", run("А", 0xc0)(russian), '; charset="Windows-1251"', withText(russian)],
    ["windows-1251, guessed", run("А", 0xc0)(russian), "", withText(russian)],
    ["iso-8859-1", run("¡", 0xa1)("¿Tú también?"), "; charset=iso-8859-1", withText("¿Tú también?")],
    ["shift_jis", japanese, "; charset=Shift_JIS", "1\n00:00:01,000 --> 00:00:02,000\n日本語\n"],
    ["lines that end with CR", utf8(srt.replaceAll("\n", "\r")), "", srt.replaceAll("\n", "\r")],
  ])("%s", async (name, bytes, charset, text) => {
    ok(await put(`Encoded: ${name}`, "en", bytes, { "content-type": SRT + charset }));
    const kept = await file(`Encoded: ${name}`, "en");
    expect(kept.text).toBe(text);
    expect(kept.headers.get("content-type")).toBe(`${SRT}; charset=utf-8`);
  });

  test("an unknown charset is 415, bytes that are not in theirs are 400", async () => {
    expectProblem(await put("Encoded", "en", srt, { "content-type": `${SRT}; charset=klingon` }), 415, "unsupported_media_type");
    expectProblem(await put("Encoded", "en", new Uint8Array([0x31, 0x0a, 0xff]), { "content-type": `${SRT}; charset=utf-8` }), 400, "invalid_encoding");
  });
});

describe("GET /subtitles/library/{title}", () => {
  test("lists the languages by the alphabet", async () => {
    for (const language of ["he", "en", "pt-BR"]) ok(await put("Listed", language));
    expect(ok(await get("/subtitles/library/listed"))).toEqual({
      title: "Listed",
      languages: ["en", "he", "pt-br"],
      files: ["en", "he", "pt-br"].map((language) => ({ language, format: "srt", cues: 2 })),
    });
  });

  test("is 404 for a title that the library does not have", async () => {
    expectProblem(await get("/subtitles/library/Unheard%20of"), 404, "not_found");
  });
});

describe("GET /subtitles/library/{title}/{language}", () => {
  test("gives the file back to the character, and 304 to who has it", async () => {
    ok(await put("Given", "en"));
    const given = await file("Given", "en");
    expect([given.status, given.text]).toEqual([200, srt]);
    expect(given.headers.get("content-language")).toBe("en");
    const etag = given.headers.get("etag") as string;
    const unchanged = await file("Given", "en", "", { "if-none-match": etag });
    expect([unchanged.status, unchanged.text, unchanged.headers.get("etag")]).toEqual([304, "", etag]);
    ok(await put("Given", "en", srt.replace("Nobody", "Somebody")));
    expect((await file("Given", "en", "", { "if-none-match": etag })).status).toBe(200);
  });

  test("converts by Accept and by ?format=, which goes before it; the tags differ", async () => {
    ok(await put("Converted", "en"));
    const expected = "WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.500\nIs anybody <i>up</i> there?\n\n2\n00:00:03.000 --> 00:00:04.000\nNobody &amp; nothing.\n";
    const byAccept = await file("Converted", "en", "", { accept: "text/vtt, */*;q=0.1" });
    expect([byAccept.text, byAccept.headers.get("content-type"), byAccept.headers.get("vary")]).toEqual([expected, "text/vtt; charset=utf-8", "Accept"]);
    const byQuery = await file("Converted", "en", "?format=vtt", { accept: SRT });
    expect(byQuery.text).toBe(expected);
    expect(byQuery.headers.get("etag")).not.toBe((await file("Converted", "en")).headers.get("etag"));
    ok(await put("Converted", "he", vtt, { "content-type": "text/vtt" }));
    expect((await file("Converted", "he")).text).toBe(vtt);
    expect((await file("Converted", "he", "?format=srt")).text).toBe(srt);
    expectProblem(await file("Converted", "en", "", { accept: "application/json" }), 406);
    expectProblem(await file("Converted", "en", "?format=ass"), 422);
  });

  test("gives an earlier version for good, under the address that Content-Location says", async () => {
    ok(await put("Versions", "en"));
    const first = (await file("Versions", "en")).headers.get("content-location") as string;
    ok(await put("Versions", "en", srt.replace("Nobody", "Somebody")));
    expect(first).toBe("/subtitles/library/Versions/en?version=1&format=srt");
    expect((await get(first)).text).toBe(srt);
    for (const query of ["?version=3", "?version=2&format=srt"]) {
      const answer = await file("Versions", "en", query);
      expect(answer.status).toBe(query === "?version=3" ? 404 : 200);
    }
    ok(await put("Versions", "he"));
    ok(await put("Versions", "en", srt.replace("Nobody", "Everybody")));
    for (const [language, version] of [
      ["he", 1],
      ["en", 3],
      ["he", 4],
      ["en", 5],
    ])
      expectProblem(await file("Versions", `${language}`, `?version=${version}`), 404);
    expectProblem(await file("Versions", "en", "?version=0"), 422);
  });

  test("is 404 for a language that the title does not have", async () => {
    ok(await put("Only English", "en"));
    expectProblem(await file("Only English", "he"), 404, "not_found");
    expectProblem(await file("Never kept", "en"), 404, "not_found");
  });
});

test("a command that goes round the route is held to the same: the title's id, and a whole file", async () => {
  const answer = await put("By command", "en");
  const stream = (answer.headers.get("consistency-token") as string).split("@")[0] as string;
  const data = { title: "By command", language: "he", format: "srt", text: srt };
  const store = (body: object): Promise<Answer> => send("POST", `/v1/aggregates/subtitle_title/${stream.slice("subtitle_title-".length)}/StoreFile`, body);
  expectProblem(await store({ ...data, title: "Another" }), 409, "wrong_title");
  expectProblem(await store({ ...data, text: "no file" }), 409, "broken_file");
  expect(await eventsOf(stream)).toHaveLength(1);
  ok(await store(data));
  expect((await file("By command", "he")).text).toBe(srt);
});

test("a foreign event in a title's stream hides none of its files", async () => {
  const answer = await put("Foreign", "en");
  const stream = (answer.headers.get("consistency-token") as string).split("@")[0] as string;
  await append(stream, [{ type: "x.Y", data: 1 }]);
  ok(await put("Foreign", "he", vtt, { "content-type": "text/vtt" }));
  expect((await file("Foreign", "he")).headers.get("content-location")).toContain(`version=${(await eventsOf(stream)).length}&`);
  expect((await file("Foreign", "he")).text).toBe(vtt);
});
