import * as fc from "fast-check";
import { parseText } from "media-captions";
import { describe, expect, test } from "vitest";
import {
  converted,
  type Cue,
  readSubtitles,
  type SubtitleFile,
  type SubtitleFormat,
  titleId,
  writeSubtitles,
} from "../../../../src/domains/subtitles/index.ts";

/** A line that a cue's text may have: no control characters, no arrow, not blank. */
const line = fc
  .oneof(
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }),
    fc.string({ unit: fc.constantFrom("<", ">", "&", "i", "/", "a", "m", "p", ";", " ", "b", "-", "1"), minLength: 1, maxLength: 40 }),
    fc.constantFrom("<i>Who?</i>", "<b>1 < 2 & 3 > 2</b>", "&amp;", '<font color="#fff">white</font>', "WEBVTT", "NOTE a", "12", "שלום, עולם"),
  )
  .filter((text) => !/\p{Cc}|\p{Cs}|-->/u.test(text) && text.trim() !== "");
const text = fc.array(line, { minLength: 0, maxLength: 3 }).map((lines) => lines.join("\n"));
const times = fc.tuple(fc.integer({ min: 0, max: 359_998_000 }), fc.integer({ min: 1, max: 1_999 })).map(([start, length]) => ({ start, end: start + length }));
const cues = fc.array(fc.tuple(times, text), { minLength: 1, maxLength: 8 });

const subRip = cues.map((all): SubtitleFile => {
  return { format: "srt", head: "", cues: all.map(([times, text], index): Cue => ({ id: String(index + 1), ...times, settings: "", text })) };
});

function read(text: string, format: SubtitleFormat): SubtitleFile {
  const found = readSubtitles(text, format);
  if (!found.ok) throw new Error(`expected a whole file, got ${JSON.stringify(found.faults)} in ${JSON.stringify(text)}`);
  return found.file;
}

describe("a SubRip file", () => {
  test("is, written and read, the same", () => {
    fc.assert(
      fc.property(subRip, (file) => {
        expect(read(writeSubtitles(file), "srt")).toEqual(file);
      }),
    );
  });

  test("is the same with any ends of lines", () => {
    fc.assert(
      fc.property(subRip, fc.constantFrom("\r\n", "\r"), (file, end) => {
        expect(read(writeSubtitles(file).replaceAll("\n", end), "srt")).toEqual(file);
      }),
    );
  });

  test("goes through WebVTT and comes back the same, to the millisecond and the character", () => {
    fc.assert(
      fc.property(subRip, (file) => {
        const vtt = read(writeSubtitles(converted(file, "vtt")), "vtt");
        expect(vtt.format).toBe("vtt");
        expect(read(writeSubtitles(converted(vtt, "srt")), "srt")).toEqual(file);
      }),
      { numRuns: 500 },
    );
  });

  test("is, as WebVTT, what another reader reads the same cues from", async () => {
    await fc.assert(
      fc.asyncProperty(subRip, async (file) => {
        const vtt = converted(file, "vtt");
        // The other reader takes a first line that looks like a setting for one, and trims.
        fc.pre(vtt.cues.every(({ text }) => !/^\s*(region|vertical|line|position|size|align)[:=]/.test(text)));
        const { cues } = await parseText(writeSubtitles(vtt), { type: "vtt" });
        expect(cues.map(({ startTime, endTime, text }) => [Math.round(startTime * 1_000), Math.round(endTime * 1_000), text])).toEqual(
          vtt.cues.map(({ start, end, text }) => [start, end, text]),
        );
      }),
    );
  });
});

describe("a WebVTT file", () => {
  const setting = fc.constantFrom("align:start", "position:10%,line-left", "size:50%", "line:-1", "line:33.3%,center", "vertical:rl");
  const settings = fc.uniqueArray(setting, { maxLength: 3 }).map((all) => all.join(" "));
  // A first line that says when, or a block that is a note, would not be a cue.
  const id = fc.constantFrom("", "1", "intro", "a b c", "NOTES", "שיר");
  const webVtt = fc.array(fc.tuple(times, text, settings, id), { minLength: 1, maxLength: 8 }).map((all): SubtitleFile => {
    return { format: "vtt", head: "WEBVTT\nLanguage: en\n\nNOTE made up", cues: all.map(([times, text, settings, id]) => ({ id, ...times, settings, text })) };
  });

  test("is, written and read, the same: identifiers, settings and what stands before the cues", () => {
    fc.assert(
      fc.property(webVtt, (file) => {
        expect(read(writeSubtitles(file), "vtt")).toEqual(file);
      }),
    );
  });

  test("is, as SubRip, always a whole file with the same times", () => {
    fc.assert(
      fc.property(webVtt, (file) => {
        const srt = read(writeSubtitles(converted(file, "srt")), "srt");
        expect(srt.cues.map(({ start, end }) => [start, end])).toEqual(file.cues.map(({ start, end }) => [start, end]));
        expect(srt.cues.map(({ id }) => id)).toEqual(file.cues.map((_, index) => String(index + 1)));
      }),
    );
  });

  test.each([
    ["<v Grete>Who rang <c.bell>the bell</c>?</v>", "Who rang the bell?"],
    ["<i.loud>Ahoy!</i> <00:00:01.000><b>Now</b> <u>u</u>", "<i>Ahoy!</i> <b>Now</b> <u>u</u>"],
    ["<ruby>灯<rt>ひ</rt></ruby>", "灯ひ"],
    ["1 &lt; 2 &amp;&amp; 3 &gt; 2&nbsp;&lrm;&rlm;", "1 < 2 && 3 > 2\u00a0\u200e\u200f"],
    ["&amp;lt;", "&lt;"],
    ["a --&gt; b", "a -> b"],
    ["<lang en></lang>\nafter a line of markup only", "after a line of markup only"],
    ["first\n<c></c>\nthird", "first\nthird"],
  ])("says %j in SubRip as %j", (vtt, srt) => {
    const file: SubtitleFile = { format: "vtt", head: "WEBVTT", cues: [{ id: "", start: 0, end: 1, settings: "", text: vtt }] };
    expect(converted(file, "srt").cues[0]?.text).toBe(srt);
    expect(read(writeSubtitles(converted(file, "srt")), "srt").cues[0]?.text).toBe(srt);
  });
});

test("no text at all makes a reader fail: it is a file, or it says why", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: "binary" }),
        fc.array(fc.oneof(line, fc.constantFrom("", "1", "WEBVTT", "00:00:01,000 --> 00:00:02,000")), { maxLength: 12 }).map((lines) => lines.join("\n")),
      ),
      fc.constantFrom("srt", "vtt"),
      (text, format) => {
        const read = readSubtitles(text, format);
        if (!read.ok) expect(read.faults.length).toBeGreaterThan(0);
        else expect(readSubtitles(writeSubtitles(read.file), format)).toEqual(read);
      },
    ),
    { numRuns: 1_000 },
  );
});

test("a title is the same however its white space stands and in whichever case it is", () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-zà-öα-ωа-яא-ת]{1,8}$/u), { minLength: 1, maxLength: 4 }), (words) => {
      expect(titleId(`  ${words.join(" \t ").toUpperCase()} `)).toBe(titleId(words.join(" ")));
    }),
  );
});
