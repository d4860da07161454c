import { expect, test } from "vitest";
import { decodeText, readSubtitles, type SubtitleFormat } from "../../../../src/domains/subtitles/index.ts";
import { bytesOf, namesIn } from "./files.ts";

/** Every broken file of the fixtures: in which lines, and why. */
const FAULTS: Readonly<Record<string, readonly (readonly [line: number, message: string])[]>> = {
  "bad-setting.vtt": [[7, `Expected a cue's setting, such as align:start, got "align:middle"`]],
  "bad-time.srt": [
    [6, `Expected times such as 00:00:01,000 --> 00:00:03,500, got "00:61:03,000 --> 00:62:04,000"`],
    [10, `Expected times such as 00:00:01,000 --> 00:00:03,500, got "00:00:05,00 --> 00:00:06,000"`],
  ],
  "blank.srt": [[1, "Expected at least one cue, got none"]],
  "comma.vtt": [[3, `Expected times such as 00:01.000 --> 00:03.500, got "00:01,000 --> 00:02,000"`]],
  "empty.srt": [[1, "Expected at least one cue, got none"]],
  "end-before-start.srt": [[2, `Expected an end that is after the start, got "00:00:05,000 --> 00:00:04,999"`]],
  "end-before-start.vtt": [[4, `Expected an end that is after the start, got "01:00:00.000 --> 59:59.999"`]],
  "late-style.vtt": [[6, `Expected styles and regions before the first cue, got "STYLE"`]],
  "lower-case.vtt": [[1, `Expected WEBVTT, got "webvtt"`]],
  "no-arrow.srt": [[6, `Expected times such as 00:00:01,000 --> 00:00:03,500, got "00:00:03,000  00:00:04,000"`]],
  "no-arrow.vtt": [[4, `Expected times such as 00:01.000 --> 00:03.500, got "00:01.000 -- 00:02.000"`]],
  "no-blank-line.srt": [[5, `Expected an empty line before the next cue, got "00:00:03,000 --> 00:00:04,000"`]],
  "no-blank-line.vtt": [[2, `Expected an empty line before the first cue, got "00:01.000 --> 00:02.000"`]],
  "no-cues.vtt": [[1, "Expected at least one cue, got none"]],
  "no-number.srt": [[5, `Expected a cue's number, such as 12, got "00:00:03,000 --> 00:00:04,000"`]],
  "no-signature.vtt": [[1, `Expected WEBVTT, got "00:01.000 --> 00:02.000"`]],
  "no-time-at-all.srt": [[2, `Expected an end that is after the start, got "00:00:05,000 --> 00:00:05,000"`]],
  "nul.srt": [[3, "Expected text, got the character U+0000"]],
  "picture.png.srt": [[2, "Expected text, got the character U+001A"]],
  "prose.srt": [[1, `Expected a cue's number, such as 12, got "It was a dark and quiet night."`]],
  "torn.srt": [[6, "Expected times such as 00:00:01,000 --> 00:00:03,500, got an empty line"]],
};

/** As a server reads what came with the name's type, and without a charset. */
function faultsOf(name: string): readonly (readonly [number, string])[] {
  const decoded = decodeText(bytesOf("broken", name));
  if (!decoded.ok) return [];
  const read = readSubtitles(decoded.text, name.split(".").at(-1) as SubtitleFormat);
  return read.ok ? [] : read.faults.map(({ line, message }) => [line, message]);
}

test("every broken file is expected to be broken", () => {
  expect(namesIn("broken")).toEqual(Object.keys(FAULTS).toSorted());
});

test.each(Object.entries(FAULTS))("%s is broken in its lines, and it says why", (name, faults) => {
  expect(faultsOf(name)).toEqual(faults);
});

test("a file says at most twenty faults, each of them short", () => {
  const read = readSubtitles(Array.from({ length: 30 }, (_, index) => `${index}\n${"x".repeat(1_000)}\n`).join("\n"));
  expect(read).toMatchObject({ ok: false });
  const faults = read.ok ? [] : read.faults;
  expect(faults).toHaveLength(20);
  expect(faults[19]?.line).toBe(59);
  for (const { message } of faults) expect(message.length).toBeLessThan(200);
});

test("a lone surrogate is no text", () => {
  expect(readSubtitles("1\n00:00:01,000 --> 00:00:02,000\n\ud800\n")).toEqual({
    ok: false,
    faults: [{ line: 3, message: "Expected text, got the character U+D800" }],
  });
});
