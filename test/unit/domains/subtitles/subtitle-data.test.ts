import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { language, libraryPath, normalTitle, parseLibraryPath, resultPath, subtitle, title, titleId } from "../../../../src/domains/subtitles/index.ts";

describe("a language", () => {
  test.each(["en", "he", "pt-br", "zh-hant-tw", "de-1996", "es-419", "sl-rozaj-biske", "en-u-co-phonebk", "x".repeat(8), "en-x-own"])("%s is a tag", (tag) => {
    expect(language.parse(tag)).toBe(tag);
  });

  test("is kept in lower case", () => {
    expect(language.parse("zh-Hant-TW")).toBe("zh-hant-tw");
  });

  test.each(["", "e", "english!", "en_US", "en-", "-en", "e n", "en--us", "12", "en-u", `en-${"abcdefgh-".repeat(5)}x`, "../en"])("%j is none", (tag) => {
    expect(language.safeParse(tag).success).toBe(false);
  });
});

describe("a title", () => {
  test.each(["A", "דרך ארוכה", "What?/Why#%", " x ", "x".repeat(200), "🗼".repeat(200)])("%j is one", (text) => {
    expect(title.parse(text)).toBe(text);
  });

  test.each(["", "   ", "\t\n", "x".repeat(201), "\ud800"])("%j is none", (text) => {
    expect(title.safeParse(text).success).toBe(false);
  });

  test.each([
    ["The  Lighthouse ", "the lighthouse"],
    ["THE\tLIGHTHOUSE", "the lighthouse"],
    ["Straße", "STRASSE"],
    ["Cafe\u0301", "café"],
    ["ΣΊΣΥΦΟΣ", "σίσυφος"],
  ])("%j is the same as %j", (one, other) => {
    expect(titleId(one)).toBe(titleId(other));
  });

  test.each([
    ["The Lighthouse", "TheLighthouse"],
    ["café", "cafe"],
    ["Alien", "Aliens"],
  ])("%j is not the same as %j", (one, other) => {
    expect(titleId(one)).not.toBe(titleId(other));
  });

  test("has an id of 32 hexadecimal digits, that of SHA-256 of its normal form", () => {
    expect(normalTitle(" The  Lighthouse")).toBe("the lighthouse");
    // printf 'the lighthouse' | sha256sum
    expect(titleId("The Lighthouse")).toBe("cb150f0f21ebe514442969abf5fcc023");
  });
});

describe("the path of a library file", () => {
  const name = fc.record({
    title: fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }).filter((text) => title.safeParse(text).success),
    language: fc.constantFrom("en", "he", "pt-br"),
    version: fc.option(fc.integer({ min: 1, max: 1_000_000 }), { nil: undefined }),
  });

  test("says which file it is", () => {
    expect(libraryPath({ title: "Ja/Nein?", language: "de" })).toBe("/subtitles/library/Ja%2FNein%3F/de");
    expect(libraryPath({ title: "A", language: "de", version: 4 })).toBe("/subtitles/library/A/de?version=4");
  });

  test("is read back as it was written", () => {
    fc.assert(
      fc.property(name, (file) => {
        const { version, ...plain } = file;
        expect(parseLibraryPath(libraryPath(file))).toEqual(version === undefined ? plain : file);
      }),
    );
  });

  test.each([
    "https://example.com/subtitles/library/A/en",
    "/subtitles/library/A",
    "/subtitles/library/%E0%A4/en",
    "/subtitles/library/A/e",
    "/subtitles/library/A/en?version=0",
    resultPath("j1"),
  ])("%s is none", (path) => {
    expect(parseLibraryPath(path)).toBeUndefined();
  });
});

describe("the data of RequestDownload", () => {
  const wanted = { videoUrl: "https://example.com/a.mp4", videoTitle: "A", language: "he" };

  test.each([
    ["no URL", { ...wanted, videoUrl: "a.mp4" }],
    ["a URL of a file", { ...wanted, videoUrl: "file:///etc/passwd" }],
    ["a blank title", { ...wanted, videoTitle: " " }],
    ["no language", { ...wanted, language: "Hebrew!" }],
    ["a source without a name", { ...wanted, preferredSources: [""] }],
    ["too many sources", { ...wanted, preferredSources: Array<string>(21).fill("a") }],
  ])("is refused with %s", (_, data) => {
    expect(subtitle.commands["RequestDownload"]?.safeParse(wanted).success).toBe(true);
    expect(subtitle.commands["RequestDownload"]?.safeParse(data).success).toBe(false);
  });
});
