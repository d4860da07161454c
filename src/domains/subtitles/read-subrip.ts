import { ARROW, blocksOf, fault, joined, type Line, milliseconds } from "./lines.ts";
import type { Cue, LineFault } from "./subtitle-file.ts";

const TIME = String.raw`(\d{1,4}):(\d{2}):(\d{2})[,.](\d{3})`;
/** A line of times. Players take a point for the comma, so it is taken here; coordinates may follow. */
const TIMES = new RegExp(String.raw`^\s*${TIME}\s*-->\s*${TIME}(?:\s+((?:[XY][12]:\d+\s*)+))?\s*$`);
const EXPECTED = "times such as 00:00:01,000 --> 00:00:03,500";

/**
 * Reads the cues of a SubRip file: blocks of a number, a line of times and lines of text, parted by blank lines
 * (https://en.wikipedia.org/wiki/SubRip#Format). Every fault is told.
 */
export function readSubRip(text: string, tell: (fault: LineFault) => void): readonly Cue[] {
  const cues: Cue[] = [];
  for (const block of blocksOf(text, (line) => line.trim() === "")) {
    const cue = readCue(block);
    if ("line" in cue) tell(cue);
    else cues.push(cue);
  }
  return cues;
}

function readCue(block: readonly Line[]): Cue | LineFault {
  const [number, times, ...rest] = block as readonly [Line, ...Line[]];
  if (!/^\s*\d{1,9}\s*$/.test(number.text)) return fault(number, "a cue's number, such as 12");
  if (times === undefined) return { line: number.number + 1, message: `Expected ${EXPECTED}, got an empty line` };
  const [, h1, m1 = "", s1 = "", ms1 = "", h2, m2 = "", s2 = "", ms2 = "", settings = ""] = TIMES.exec(times.text) ?? [];
  const [start, end] = [milliseconds(h1, m1, s1, ms1), milliseconds(h2, m2, s2, ms2)];
  if (h1 === undefined || start === undefined || end === undefined) return fault(times, EXPECTED);
  if (end <= start) return fault(times, "an end that is after the start");
  const torn = rest.find(({ text }) => text.includes(ARROW));
  if (torn !== undefined) return fault(torn, "an empty line before the next cue");
  return { id: number.text.trim(), start, end, settings: settings.trim(), text: joined(rest) };
}
