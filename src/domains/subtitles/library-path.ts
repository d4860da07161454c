import { language } from "./language.ts";
import { title } from "./title.ts";

/** Which file of the library: the one that stands there now, or the one that a version of the title's stream brought. */
export interface LibraryFileName {
  readonly title: string;
  readonly language: string;
  readonly version?: number | undefined;
}

/** Where a file of the library is read. With a version it is that very file for good, so a job's `downloadUrl` names one. */
export function libraryPath({ title, language, version }: LibraryFileName): string {
  return `/subtitles/library/${encodeURIComponent(title)}/${language}${version === undefined ? "" : `?version=${version}`}`;
}

/** Which file a path names; undefined for any other URL. */
export function parseLibraryPath(path: string): LibraryFileName | undefined {
  const [, escaped, tag = "", version] = /^\/subtitles\/library\/([^/?#]+)\/([^/?#]+)(?:\?version=([1-9]\d{0,14}))?$/.exec(path) ?? [];
  if (escaped === undefined || !isDecodable(escaped)) return undefined;
  const named = { title: title.safeParse(decodeURIComponent(escaped)), language: language.safeParse(tag) };
  if (!named.title.success || !named.language.success) return undefined;
  return { title: named.title.data, language: named.language.data, ...(version !== undefined && { version: Number(version) }) };
}

/** Where the file is read that was made for a job. */
export function resultPath(jobId: string): string {
  return `/subtitles/${jobId}/file`;
}

function isDecodable(escaped: string): boolean {
  try {
    return decodeURIComponent(escaped) !== "";
  } catch {
    return false;
  }
}
