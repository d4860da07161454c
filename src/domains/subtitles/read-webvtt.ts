import { ARROW, blocksOf, fault, joined, type Line, milliseconds } from "./lines.ts";
import type { Cue, LineFault } from "./subtitle-file.ts";

const TIME = String.raw`(?:(\d{2,4}):)?(\d{2}):(\d{2})\.(\d{3})`;
const TIMES = new RegExp(String.raw`^${TIME}[ \t]+-->[ \t]+${TIME}(?:[ \t]+(.*))?$`);
const EXPECTED = "times such as 00:01.000 --> 00:03.500";
/** What a file begins with; text may follow in the same line. */
const SIGNATURE = /^WEBVTT(?:[ \t].*)?$/;

const PERCENT = String.raw`(?:100(?:\.0+)?|\d{1,2}(?:\.\d+)?)%`;
/** The settings that a cue may have (WebVTT, section 4.4), each with its values. */
const SETTINGS: ReadonlyMap<string, RegExp> = new Map([
  ["vertical", /^(?:rl|lr)$/],
  ["line", new RegExp(String.raw`^(?:-?\d{1,9}(?:\.\d+)?|${PERCENT})(?:,(?:start|center|end))?$`)],
  ["position", new RegExp(`^${PERCENT}(?:,(?:line-left|center|line-right))?$`)],
  ["size", new RegExp(`^${PERCENT}$`)],
  ["align", /^(?:start|center|end|left|right)$/],
  ["region", /^\S+$/],
]);

/** Whether a text claims to be WebVTT. */
export function isWebVtt(text: string): boolean {
  return /^WEBVTT(?:[ \t\r\n]|$)/.test(text);
}

/**
 * Reads a WebVTT file (https://www.w3.org/TR/webvtt1/#file-structure): its signature, then blocks: cues, notes and, before the first cue,
 * styles and regions. Every fault is told. Notes among the cues are left out.
 */
export function readWebVtt(text: string, tell: (fault: LineFault) => void): { readonly head: string; readonly cues: readonly Cue[] } {
  const [signature, ...blocks] = blocksOf(text, (line) => line === "");
  const first = signature?.[0];
  if (signature === undefined || first?.number !== 1 || !SIGNATURE.test(first.text)) {
    tell(fault({ number: 1, text: first?.number === 1 ? first.text : "" }, "WEBVTT"));
    return { head: "", cues: [] };
  }
  const torn = signature.find(({ text }) => text.includes(ARROW));
  if (torn !== undefined) tell(fault(torn, "an empty line before the first cue"));
  const heads = [signature];
  const cues: Cue[] = [];
  for (const block of blocks) {
    const kind = kindOf(block);
    if (kind === "cue") {
      const cue = readCue(block);
      if ("line" in cue) tell(cue);
      else cues.push(cue);
    } else if (cues.length === 0) heads.push(block);
    else if (kind === "definition") tell(fault(block[0] as Line, "styles and regions before the first cue"));
  }
  return { head: heads.map(joined).join("\n\n"), cues };
}

function kindOf(block: readonly Line[]): "cue" | "note" | "definition" {
  const [{ text }] = block as readonly [Line, ...Line[]];
  if (block.some((line) => line.text.includes(ARROW))) return "cue";
  if (/^NOTE(?:[ \t]|$)/.test(text)) return "note";
  return /^(?:STYLE|REGION)[ \t]*$/.test(text) ? "definition" : "cue";
}

function readCue(block: readonly Line[]): Cue | LineFault {
  const [first, second] = block as readonly [Line, ...Line[]];
  const hasId = !first.text.includes(ARROW) && second !== undefined;
  const times = hasId ? second : first;
  const rest = block.slice(hasId ? 2 : 1);
  const [, h1, m1, s1 = "", ms1 = "", h2, m2 = "", s2 = "", ms2 = "", settings = ""] = TIMES.exec(times.text) ?? [];
  const [start, end] = [milliseconds(h1, m1 ?? "", s1, ms1), milliseconds(h2, m2, s2, ms2)];
  if (m1 === undefined || start === undefined || end === undefined) return fault(times, EXPECTED);
  if (end <= start) return fault(times, "an end that is after the start");
  const bad = settings.split(/[ \t]+/).find((setting) => setting !== "" && !isSetting(setting));
  if (bad !== undefined) return { line: times.number, message: `Expected a cue's setting, such as align:start, got ${JSON.stringify(bad.slice(0, 80))}` };
  const torn = rest.find(({ text }) => text.includes(ARROW));
  if (torn !== undefined) return fault(torn, "an empty line before the next cue");
  return { id: hasId ? first.text : "", start, end, settings: settings.trim(), text: joined(rest) };
}

function isSetting(setting: string): boolean {
  const colon = setting.indexOf(":");
  return SETTINGS.get(setting.slice(0, Math.max(colon, 0)))?.test(setting.slice(colon + 1)) ?? false;
}
