import type { ReadRequest, StateShown } from "../../durable-objects/aggregate/contract.ts";
import { type LibraryFileName, type LibraryText, titleId, type TitleState } from "../domains/subtitles/index.ts";
import { sha256 } from "../kernel/index.ts";

/** An aggregate's object, as far as it is read here. */
export interface AggregateReader {
  shown(): Promise<StateShown>;
  /** Events as JSON, parted by commas, and the version to go on with; null at the end. */
  read(request: ReadRequest): Promise<{ readonly items: Uint8Array; readonly next: number | null }>;
}

/** Opens a stream of one tenant's. */
export type OpenAggregate = (stream: string) => AggregateReader;

/** A title's files; undefined where the library has none. */
export async function storedTitle(open: OpenAggregate, id: string): Promise<TitleState | undefined> {
  const shown = await open(`subtitle_title-${id}`).shown();
  const state = shown.kind === "found" ? (JSON.parse(shown.state) as TitleState) : undefined;
  return state?.title === undefined ? undefined : state;
}

interface FileEvent {
  readonly version: number;
  readonly type: string;
  readonly data?: Omit<LibraryText, "version">;
}

/** The library's file of a title and language: the one that stands there now, or that of a version; undefined where there is none. */
export async function libraryText(open: OpenAggregate, { title, language, version }: LibraryFileName): Promise<LibraryText | undefined> {
  const id = titleId(title);
  const stream = `subtitle_title-${id}`;
  if (version !== undefined) return textFrom(open(stream), { from: version, to: version }, (file) => file.version === version && file.language === language);
  const kept = (await storedTitle(open, id))?.files[language];
  return kept && textFrom(open(stream), { from: kept.ordinal }, (file) => file.language === language && sha256(file.text) === kept.digest);
}

/** The file that was made for a job; undefined where there is none. */
export function resultText(open: OpenAggregate, jobId: string): Promise<LibraryText | undefined> {
  return textFrom(open(`subtitle_result-${jobId}`), { from: 1 }, () => true);
}

/** Bytes of events that one call reads at once: two files of the largest kind. */
const PAGE_BYTES = 2_097_152;

/** The first file from a version on that is the one meant; undefined where there is none. */
async function textFrom(
  object: AggregateReader,
  { from, to }: { readonly from: number; readonly to?: number },
  isMeant: (file: LibraryText) => boolean,
): Promise<LibraryText | undefined> {
  for (let next: number | null = from; next !== null;) {
    const page: { readonly items: Uint8Array; readonly next: number | null } = await object.read({
      from: next,
      ...(to !== undefined && { to }),
      limit: 2,
      direction: "forward",
      maxBytes: PAGE_BYTES,
    });
    const events = JSON.parse(`[${new TextDecoder().decode(page.items)}]`) as readonly FileEvent[];
    const files = events.filter(({ type, data }) => FILE_TYPES.has(type) && data !== undefined);
    const file = files.map(({ version, data }) => ({ version, ...(data as Omit<LibraryText, "version">) })).find(isMeant);
    if (file !== undefined) return file;
    next = page.next;
  }
  return undefined;
}

const FILE_TYPES: ReadonlySet<string> = new Set(["subtitle.title.FileStored", "subtitle.result.FileKept"]);
