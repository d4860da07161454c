import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeText, readSubtitles, type SubtitleFile, withTexts, writeSubtitles } from "../../../../src/domains/subtitles/index.ts";
import { bytesOf, namesIn } from "./files.ts";

const read = (text: string): SubtitleFile => {
  const result = readSubtitles(text);
  return result.ok ? result.file : expect.unreachable(JSON.stringify(result.faults));
};
const srt = read("1\n00:00:01,000 --> 00:00:02,500 X1:1\nOne\n\n7\n00:00:03,000 --> 00:00:04,000\nTwo\n");
const vtt = read("WEBVTT with a title\n\nSTYLE\n::cue { color: red }\n\nfirst\n00:01.000 --> 00:02.500 align:start\nOne\n\n00:03.000 --> 00:04.000\nTwo\n");

describe("withTexts", () => {
  test.each([
    ["SubRip", srt],
    ["WebVTT", vtt],
  ])("changes the texts of a file of %s, and nothing else", (_, file) => {
    expect(withTexts(file, ["Eins", "Zwei"])).toEqual({ ok: true, text: writeSubtitles(file).replace("One", "Eins").replace("Two", "Zwei") });
  });

  test("takes out of a text what would end its cue, or begin another", () => {
    const torn = "a\r\n\r\n \n3\n00:00:05,000 --> 00:00:06,000\nb\u0000\u0007\ud800";
    const made = withTexts(srt, [torn, ""]);
    const cues = made.ok ? read(made.text).cues : [];
    expect(cues.map(({ text }) => text)).toEqual(["a\n3\n00:00:05,000 -> 00:00:06,000\nb\ufffd", ""]);
  });

  test("says what is wrong where there are too few or too many", () => {
    expect(withTexts(srt, ["a"])).toEqual({ ok: false, reason: "Expected 2 texts, got 1." });
    expect(withTexts(srt, ["a", "b", "c"])).toEqual({ ok: false, reason: "Expected 2 texts, got 3." });
  });

  test("keeps every cue at its time, whatever the texts are", { timeout: 60_000 }, () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string({ unit: fc.constantFrom("\n", "\r", " ", "-", ">", "1", ":", "<", "WEBVTT", "NOTE", "\u2028", "\u0085") }),
    );
    fc.assert(
      fc.property(fc.constantFrom(srt, vtt), fc.tuple(text, text), (file, texts) => {
        const made = withTexts(file, texts);
        if (!made.ok) return expect.unreachable(made.reason);
        const times = (one: SubtitleFile) => one.cues.map(({ id, start, end, settings }) => ({ id, start, end, settings }));
        expect(times(read(made.text))).toEqual(times(file));
      }),
      { numRuns: 1_000 },
    );
  });

  test("keeps every file whole that came as UTF-8", () => {
    const texts = namesIn("whole").flatMap((name) => {
      const decoded = decodeText(bytesOf("whole", name), undefined);
      return decoded.ok ? [decoded.text] : [];
    });
    expect(texts.length).toBeGreaterThan(3);
    for (const file of texts.map(read)) {
      const marked = file.cues.map(({ text }) => `[xx] ${text}`);
      expect(withTexts(file, marked).ok).toBe(true);
    }
  });
});
