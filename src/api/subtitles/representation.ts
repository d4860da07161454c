import { converted, type LibraryText, readSubtitles, type SubtitleFormat, writeSubtitles } from "../../domains/subtitles/index.ts";
import { sha256 } from "../../kernel/index.ts";
import { notAcceptable, preferred } from "../accept.ts";

/** The media types of files, by format. */
export const MEDIA_TYPES = { srt: "application/x-subrip", vtt: "text/vtt" } as const;
const OTHER: Readonly<Record<SubtitleFormat, SubtitleFormat>> = { srt: "vtt", vtt: "srt" };

/** Which format an answer has: the one that `?format=` says, else what `Accept` wants most, else the file's own. 406 where none will do. */
export function wantedFormat(request: Request, own: SubtitleFormat, asked: SubtitleFormat | undefined): SubtitleFormat | Response {
  if (asked !== undefined) return asked;
  const offered = [MEDIA_TYPES[own], MEDIA_TYPES[OTHER[own]]];
  const type = preferred(request.headers.get("accept"), offered);
  if (type === undefined) return notAcceptable(offered);
  return type === MEDIA_TYPES.vtt ? "vtt" : "srt";
}

/** A file in a format, as an answer. A file in its own format is given back to the character. */
export function fileAnswer({ language, format, text }: LibraryText, wanted: SubtitleFormat): Response {
  const body = wanted === format ? text : inFormat(text, format, wanted);
  const headers = { etag: entityTag(sha256(text), wanted), vary: "Accept", "content-language": language, "x-content-type-options": "nosniff" };
  return new Response(body, { headers: { ...headers, "content-type": `${MEDIA_TYPES[wanted]}; charset=utf-8` } });
}

/** A file's entity tag: its text's hash, and the format it is given in. */
export function entityTag(digest: string, format: SubtitleFormat): string {
  return `"${digest.slice("sha256:".length, "sha256:".length + 32)}-${format}"`;
}

function inFormat(text: string, format: SubtitleFormat, wanted: SubtitleFormat): string {
  const read = readSubtitles(text, format);
  if (!read.ok) throw new Error(`expected a file of the library to be whole, got ${JSON.stringify(read.faults[0])}`);
  return writeSubtitles(converted(read.file, wanted));
}
