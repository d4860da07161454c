import { decodeText, formatOf, readSubtitles, type SubtitleFormat } from "../../domains/subtitles/index.ts";
import { mediaTypeOf } from "../body.ts";
import { invalidInput } from "../endpoint.ts";
import { problem } from "../problem.ts";
import { MEDIA_TYPES } from "./representation.ts";

/** What a file may say that it is; the last two leave it to the file itself. */
export const FILE_TYPES: readonly string[] = [MEDIA_TYPES.srt, MEDIA_TYPES.vtt, "text/plain", "application/octet-stream"];

/** Whether a body may be a file, by its headers: one without a type, too, and one whose type is what curl says of any body. */
export function mayBeFile(headers: Headers): boolean {
  const type = mediaTypeOf(headers);
  return type === undefined || FILE_TYPES.includes(type) || type === "application/x-www-form-urlencoded";
}

/** A file that came, decoded and found whole. */
export interface Uploaded {
  readonly format: SubtitleFormat;
  readonly text: string;
}

/**
 * Reads a file that came as a body. Its format is what `Content-Type` says, else what it looks like. 415 for a charset that is not known,
 * 400 for bytes that are not in the charset they name, 422 with the lines for what is no whole file of subtitles.
 */
export function uploadedFile(headers: Headers, bytes: Uint8Array): Uploaded | Response {
  const charset = charsetOf(headers);
  const decoded = decodeText(bytes, charset);
  if (!decoded.ok && decoded.reason === "charset") return unknownCharset(charset ?? "");
  if (!decoded.ok && charset !== undefined) return problem({ status: 400, code: "invalid_encoding", detail: `The body is not ${charset}.` });
  if (!decoded.ok) return broken([{ line: firstBadLine(bytes), message: "Expected UTF-8, or the charset in Content-Type" }]);
  const { text } = decoded;
  const type = mediaTypeOf(headers);
  const format = type === MEDIA_TYPES.vtt ? "vtt" : type === MEDIA_TYPES.srt ? "srt" : formatOf(text);
  const read = readSubtitles(text, format);
  return read.ok ? { format, text } : broken(read.faults);
}

function broken(faults: readonly { readonly line: number; readonly message: string }[]): Response {
  return invalidInput(faults.map(({ line, message }) => ({ path: `line ${line}`, message })));
}

function unknownCharset(charset: string): Response {
  return problem({
    status: 415,
    code: "unsupported_media_type",
    detail: `Expected a charset of the Encoding standard, such as utf-8 or windows-1255, got ${charset}.`,
  });
}

/** The `charset` of `Content-Type`; undefined where it names none. */
function charsetOf(headers: Headers): string | undefined {
  const [, quoted, bare] = /;\s*charset\s*=\s*(?:"([^"]*)"|([^\s;"]+))/i.exec(headers.get("content-type") ?? "") ?? [];
  return quoted ?? bare;
}

function firstBadLine(bytes: Uint8Array): number {
  const [before = ""] = new TextDecoder("utf-8").decode(bytes).split("\ufffd");
  return before.split(/\r\n|\n|\r/).length;
}
