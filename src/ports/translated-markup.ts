import type { SubtitleFormat } from "../domains/subtitles/index.ts";

/** What HTML writes as entities, and SubRip does not. */
const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", "#39": "'", nbsp: "\u00a0" };

/** A cue's text as HTML: italics, bold and underlined stay, any other tag goes, and a new line is one of HTML's. */
export function toSend(text: string, format: SubtitleFormat): string {
  const escaped = format === "srt" ? text.replaceAll("&", "&amp;") : text;
  return escaped.replaceAll(/<(?!\/?[biu]>)\/?[a-z0-9.][^<>]*>/gi, "").replaceAll("\n", "<br>");
}

/** HTML as a cue's text again. */
export function fromSent(html: string, format: SubtitleFormat): string {
  const text = html.replaceAll(/\s*<br\s*\/?>\s*/gi, "\n");
  return format === "srt" ? text.replaceAll(/&(amp|lt|gt|quot|apos|#39|nbsp);/g, (_, name: string) => ENTITIES[name] as string) : text;
}
