import type { StateShown, StreamDescription } from "../../../durable-objects/aggregate/contract.ts";
import type { LibraryFileName, LibraryText, SubtitleState, TitleState } from "../../domains/subtitles/index.ts";
import { STREAM_ID_PATTERN } from "../../kernel/index.ts";
import {
  libraryText as readLibraryText,
  type OpenAggregate,
  resultText as readResultText,
  storedTitle as readStoredTitle,
} from "../../ports/stored-subtitles.ts";
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
export function storedTitle(services: Services, tenant: string, id: string): Promise<TitleState | undefined> {
  return readStoredTitle(opening(services, tenant), id);
}

/** The library's file of a title and language: the one that stands there now, or that of a version; undefined where there is none. */
export function libraryText(services: Services, tenant: string, name: LibraryFileName): Promise<LibraryText | undefined> {
  return readLibraryText(opening(services, tenant), name);
}

/** The file that was made for a job; undefined where there is none. */
export function resultText(services: Services, tenant: string, jobId: string): Promise<LibraryText | undefined> {
  return readResultText(opening(services, tenant), jobId);
}

/** What crosses RPC is data, whatever its type says. */
function opening(services: Services, tenant: string): OpenAggregate {
  return (stream) => {
    const object = services.objectFor(tenant, stream);
    return { shown: async () => object.shown(), read: async (request) => object.read(request) };
  };
}
