import { describe, expect, test } from "vitest";
import { type Candidate, chooseSubtitle, moreGeneral, translateCues } from "../../../../src/domains/subtitles/index.ts";

const has = (...languages: readonly string[]): readonly Candidate[] => languages.map((language) => ({ language, source: "library" }));
const wants = (language: string, ...preferredSources: readonly string[]) => ({ language, preferredSources });

describe("a subtitle is found", () => {
  test.each([
    ["he", ["en", "he"], "he"],
    ["pt-br", ["pt", "pt-br", "pt-pt"], "pt-br"],
    ["pt-br", ["en", "pt", "pt-pt"], "pt"],
    ["zh-hant-tw", ["zh", "zh-hant", "en"], "zh-hant"],
    ["pt", ["en", "pt-pt", "pt-br"], "pt-br"],
    ["en-u-co-phonebk", ["en"], "en"],
  ])("for %s among %j: %s", (wanted, languages, found) => {
    expect(chooseSubtitle(has(...languages), wants(wanted))).toEqual({ kind: "found", candidate: { language: found, source: "library" } });
  });
});

describe("a subtitle is to be translated", () => {
  test.each([
    ["he", ["ar", "en", "es"], "en"],
    ["he", ["ar", "en-gb", "es"], "en-gb"],
    ["he", ["ja", "es"], "es"],
    ["pt-br", ["pt-pt"], "pt-pt"],
    ["he", ["hen"], "hen"],
  ])("into %s from what there is of %j: %s", (wanted, languages, from) => {
    expect(chooseSubtitle(has(...languages), wants(wanted))).toEqual({ kind: "translate", candidate: { language: from, source: "library" } });
  });
});

test("there is none where no provider has any, and it says why", () => {
  expect(chooseSubtitle([], wants("he", "library"))).toEqual({
    kind: "none",
    reason: "There is no subtitle in he, nor in any other language to translate it from.",
  });
});

describe("among equals", () => {
  const offers = [
    { language: "he", source: "archive" },
    { language: "en", source: "library" },
    { language: "he", source: "library" },
    { language: "he", source: "web" },
  ];
  const sourceFor = (...preferred: readonly string[]): string | undefined => {
    const choice = chooseSubtitle(offers, wants("he", ...preferred));
    return choice.kind === "found" ? choice.candidate.source : undefined;
  };

  test("the preferred sources decide, in their order", () => {
    expect(sourceFor("web", "library")).toBe("web");
    expect(sourceFor("nowhere", "library", "web")).toBe("library");
  });

  test("any other source will do as well, by the alphabet", () => {
    expect(sourceFor()).toBe("archive");
    expect(sourceFor("nowhere")).toBe("archive");
  });

  test("a language goes before a source", () => {
    expect(chooseSubtitle([{ language: "he-il", source: "web" }, ...has("he")], wants("he", "web"))).toMatchObject({ candidate: { language: "he" } });
  });
});

test("the local translator keeps what a cue has but its text, which it marks with the language", () => {
  const cue = { id: "1", start: 1_000, end: 2_000, settings: "align:end", text: "Hello\nthere" };
  expect(translateCues([cue, { ...cue, text: "" }], "he")).toEqual([
    { ...cue, text: "[he] Hello\nthere" },
    { ...cue, text: "" },
  ]);
});

test("a tag stands under the more general ones, none of which ends with what only begins something", () => {
  expect(moreGeneral("zh-hant-tw")).toEqual(["zh-hant-tw", "zh-hant", "zh"]);
  expect(moreGeneral("en-u-co-phonebk")).toEqual(["en-u-co-phonebk", "en-u-co", "en"]);
});
