import { type CaptionsFileFormat, parseText } from "media-captions";
import { describe, expect, test } from "vitest";
import { decodeText, formatOf, readSubtitles, type SubtitleFile, translateFile, writeSubtitles } from "../../../../src/domains/subtitles/index.ts";
import { bytesOf, namesIn } from "./files.ts";

const names = namesIn("whole");

/** A file's text, by the charset that its name says where it has no byte order mark and is not UTF-8. */
function textOf(name: string): string {
  const [, charset] = /\.(windows-\d+|iso-8859-1|shift_jis)\./.exec(name) ?? [];
  const decoded = decodeText(bytesOf("whole", name), charset);
  if (!decoded.ok) throw new Error(`expected ${name} to be text, got ${decoded.reason}`);
  return decoded.text;
}

function read(text: string): SubtitleFile {
  const found = readSubtitles(text);
  if (!found.ok) throw new Error(`expected a whole file, got ${JSON.stringify(found.faults)}`);
  return found.file;
}

const fileOf = (name: string): SubtitleFile => read(textOf(name));
const times = ({ cues }: SubtitleFile) => cues.map(({ start, end }) => [start, end]);

const LIGHTHOUSE = [
  [1_000, 3_480],
  [4_020, 6_900],
  [7_250, 10_000],
  [3_598_999, 3_602_001],
  [6_067_500, 6_069_125],
];

describe("a file of the fixtures is read whole:", () => {
  test.each(names.filter((name) => name.startsWith("lighthouse") && name !== "lighthouse.de.vtt"))("%s has its five cues, to the millisecond", (name) => {
    expect(times(fileOf(name))).toEqual(LIGHTHOUSE);
  });

  test.each([
    ["lighthouse.en.srt", "- You heard it too?\n- Twice. At midnight, & again at four."],
    ["lighthouse.en.cr.srt", "- You heard it too?\n- Twice. At midnight, & again at four."],
    ["lighthouse.he.windows-1255.srt", "- גם אתה שמעת?\n- פעמיים. בחצות, ושוב בארבע."],
    ["lighthouse.he.bom.srt", "- גם אתה שמעת?\n- פעמיים. בחצות, ושוב בארבע."],
    ["lighthouse.es.iso-8859-1.srt", "- ¿Tú también la oíste?\n- Dos veces. A medianoche y otra vez a las cuatro."],
    ["lighthouse.ja.shift_jis.srt", "- あなたも聞いたのですか。\n- 二度。真夜中と、そして四時に。"],
    ["lighthouse.ja.utf-16be.srt", "- あなたも聞いたのですか。\n- 二度。真夜中と、そして四時に。"],
    ["lighthouse.ar.utf-16le.srt", "- هل سمعته أنت أيضا؟\n- مرتين. عند منتصف الليل، ثم في الرابعة."],
    ["lighthouse.ar.crlf.vtt", "- هل سمعته أنت أيضا؟\n- مرتين. عند منتصف الليل، ثم في الرابعة."],
    ["lighthouse.ru.windows-1251.srt", "- Ты тоже слышал?\n- Дважды. В полночь и снова в четыре."],
    ["lighthouse.de.vtt", "- Du &amp; ich, wir haben es geh&lrm;ört.\n- Zweimal. 4 &lt; 5 &gt; 3"],
  ])("%s says in its fourth cue %j", (name, text) => {
    expect(fileOf(name).cues[3]?.text).toBe(text);
  });

  test("WebVTT's identifiers, settings, styles and regions are kept; hours may be left out, or have three digits", () => {
    const file = fileOf("lighthouse.de.vtt");
    expect(file.cues.map(({ id }) => id)).toEqual(["eins", "", "drei", "", ""]);
    expect(file.cues.map(({ settings }) => settings)).toEqual([
      "align:start position:12.5%,line-left size:80%",
      "region:shore",
      "line:-2 vertical:rl",
      "line:84%,end",
      "",
    ]);
    expect(times(file)[4]).toEqual([366_067_500, 366_069_125]);
    expect(file.head).toBe(
      "WEBVTT - Der Leuchtturm\nKind: captions\nLanguage: de\n\nSTYLE\n::cue(.bell) {\n  color: gold;\n}\n\nREGION\nid:shore\nwidth:40%\nlines:2\n\nNOTE\nErfundener Dialog.",
    );
  });

  test("SubRip may have gaps in its numbers, points, coordinates, overlaps and empty cues", () => {
    const { cues } = fileOf("odd.en.srt");
    expect(cues.map(({ id }) => id)).toEqual(["7", "9", "10", "11", "12"]);
    expect(cues[0]).toMatchObject({ start: 0, end: 1, settings: "X1:40 X2:600 Y1:20 Y2:50" });
    expect(cues[2]).toMatchObject({ start: 2_000, end: 4_000, text: "{\\an8}Earlier than the one before, and over it." });
    expect(cues[3]).toMatchObject({ start: 360_000_000, text: "" });
    expect(cues[4]?.text).toBe("The last line has no end of its own.");
  });

  test.each(names)("%s is, written and read again, the same file", (name) => {
    const file = fileOf(name);
    expect(read(writeSubtitles(file))).toEqual(file);
  });

  test.each(names)("%s, translated, keeps every cue's times and marks its text", (name) => {
    const file = fileOf(name);
    const translated = translateFile(file, "he");
    expect(translated.cues).toEqual(file.cues.map((cue) => ({ ...cue, text: cue.text && `[he] ${cue.text}` })));
    expect(read(writeSubtitles(translated))).toEqual(translated);
  });
});

// An independent reader. It drops what it cannot read: hours of three digits, and most of what is odd.
describe("another reader sees the same cues as we do in", () => {
  test.each(names.filter((name) => name.startsWith("lighthouse")))("%s", async (name) => {
    const text = textOf(name);
    const type = formatOf(text) as CaptionsFileFormat;
    const theirs = (await parseText(text, { type })).cues.map(({ startTime, endTime, text }) => ({
      start: Math.round(startTime * 1_000),
      end: Math.round(endTime * 1_000),
      text,
    }));
    const ours = read(text).cues.filter(({ start }) => start < 360_000_000);
    expect(theirs.length).toBeGreaterThan(3);
    expect(theirs).toEqual(ours.map(({ start, end, text }) => ({ start, end, text })));
  });
});
