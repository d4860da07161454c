import type { StateShown, StreamDescription } from "../../../durable-objects/aggregate/contract.ts";
import { type LibraryFileName, type SubtitleFormat, type SubtitleState, titleId, type TitleState } from "../../domains/subtitles/index.ts";
import { sha256, STREAM_ID_PATTERN } from "../../kernel/index.ts";
import type { Services } from "../services.ts";

/** A job, and when its stream began and went on. */
export interface StoredJob {
  readonly state: Required<Pick<SubtitleState, "status" | "request">> & SubtitleState;
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** A job as its aggregate knows it now; undefined where nobody requested one. */
export async function storedJob(services: Services, tenant: string, id: string): Promise<StoredJob | undefined> {
  if (!STREAM_ID_PATTERN.test(id)) return undefined;
  const object = services.objectFor(tenant, `subtitle-${id}`);
  const [shown, described]: readonly [StateShown, StreamDescription | undefined] = await Promise.all([object.shown(), object.describe()]);
  if (shown.kind !== "found" || described === undefined) return undefined;
  const { status, request, ...more } = JSON.parse(shown.state) as SubtitleState;
  if (status === undefined || request === undefined) return undefined;
  return { state: { ...more, status, request }, version: shown.version, createdAt: described.createdAt, updatedAt: described.updatedAt };
}

/** A title's files; undefined where the library has none. */
export async function storedTitle(services: Services, tenant: string, id: string): Promise<TitleState | undefined> {
  const shown: StateShown = await services.objectFor(tenant, `subtitle_title-${id}`).shown();
  const state = shown.kind === "found" ? (JSON.parse(shown.state) as TitleState) : undefined;
  return state?.title === undefined ? undefined : state;
}

/** A file's text as an event keeps it, and that event's version. */
export interface StoredText {
  readonly version: number;
  readonly language: string;
  readonly format: SubtitleFormat;
  readonly text: string;
}

interface FileEvent {
  readonly version: number;
  readonly type: string;
  readonly data?: Omit<StoredText, "version">;
}

/** The library's file of a title and language: the one that stands there now, or that of a version; undefined where there is none. */
export async function libraryText(services: Services, tenant: string, { title, language, version }: LibraryFileName): Promise<StoredText | undefined> {
  const id = titleId(title);
  const stream = `subtitle_title-${id}`;
  if (version !== undefined)
    return textFrom(services, tenant, { stream, from: version, to: version }, (file) => file.version === version && file.language === language);
  const kept = (await storedTitle(services, tenant, id))?.files[language];
  return kept && textFrom(services, tenant, { stream, from: kept.ordinal }, (file) => file.language === language && sha256(file.text) === kept.digest);
}

/** The file that was made for a job; undefined where there is none. */
export function resultText(services: Services, tenant: string, jobId: string): Promise<StoredText | undefined> {
  return textFrom(services, tenant, { stream: `subtitle_result-${jobId}`, from: 1 }, () => true);
}

/** Bytes of events that one call reads at once: two files of the largest kind. */
const PAGE_BYTES = 2_097_152;

/** The first file from a version on that is the one meant; undefined where there is none. */
async function textFrom(
  services: Services,
  tenant: string,
  { stream, from, to }: { readonly stream: string; readonly from: number; readonly to?: number },
  isMeant: (file: StoredText) => boolean,
): Promise<StoredText | undefined> {
  const object = services.objectFor(tenant, stream);
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
    const file = files.map(({ version, data }) => ({ version, ...(data as Omit<StoredText, "version">) })).find(isMeant);
    if (file !== undefined) return file;
    next = page.next;
  }
  return undefined;
}

const FILE_TYPES: ReadonlySet<string> = new Set(["subtitle.title.FileStored", "subtitle.result.FileKept"]);
