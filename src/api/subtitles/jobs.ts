import { z } from "@hono/zod-openapi";
import {
  downloadRequest,
  jobStatus,
  type LibraryText,
  parseLibraryPath,
  resultPath,
  type SubtitleState,
  type SubtitleFormat,
  subtitleFormat,
} from "../../domains/subtitles/index.ts";
import { json } from "../answer.ts";
import type { Call, Endpoint } from "../endpoint.ts";
import { withKey } from "../idempotency.ts";
import { idempotencyKey, keyed } from "../preconditions.ts";
import { notFound } from "../problem.ts";
import type { Services } from "../services.ts";
import { wholeNumber } from "../schemas.ts";
import { sendCommand } from "./commands.ts";
import { jobId } from "./job-id.ts";
import { fileAnswer, MEDIA_TYPES, wantedFormat } from "./representation.ts";
import { libraryText, resultText, type StoredJob, storedJob } from "./stored.ts";

const TAG = "Subtitles";
const { videoUrl, videoTitle, language, preferredSources } = downloadRequest.shape;

const requestBody = z
  .object({ video_url: videoUrl, video_title: videoTitle, language, preferred_sources: preferredSources.optional() })
  .openapi("SubtitleRequest", { example: { video_url: "https://example.com/bunny.mp4", video_title: "Big Buck Bunny", language: "he" } });
const accepted = z.object({ job_id: z.string(), status: jobStatus }).openapi("SubtitleJobAccepted");

export const requestSubtitle: Endpoint<z.ZodObject, z.ZodObject, typeof requestBody> = {
  method: "post",
  path: "/subtitles/download",
  operationId: "requestSubtitle",
  scope: "subtitles:write",
  summary: "Ask for a video's subtitle: a job finds it, or translates it",
  tag: TAG,
  headers: keyed,
  body: { schema: requestBody, maxBytes: 65_536 },
  answers: { 202: { description: "Requested", schema: accepted, headers: ["Location", "Consistency-Token"] } },
  problems: [409, 410, 429],
  handle: request,
};

async function request(call: Call<unknown, unknown, z.output<typeof requestBody>>): Promise<Response> {
  const { services, principal, body } = call;
  const idempotency = idempotencyKey(call.request, call.bytes);
  if (idempotency instanceof Response) return idempotency;
  const id = jobId(principal.tenant, idempotency?.key);
  const data = downloadRequest.parse({
    videoUrl: body.video_url,
    videoTitle: body.video_title,
    language: body.language,
    preferredSources: body.preferred_sources,
  });
  return withKey(services, principal.tenant, idempotency, async () => {
    const sent = await sendCommand(call, { category: "subtitle", id, command: "RequestDownload", data, ...(idempotency && { idempotency }) });
    if (!sent.ok) return sent.response;
    return json({ job_id: id, status: (sent.state as SubtitleState).status }, 202, {
      location: `/subtitles/${id}`,
      "consistency-token": sent.token,
      ...(sent.replayed && { "idempotency-replayed": "true" }),
    });
  });
}

const params = z.object({ job_id: z.string().min(1).openapi({ example: "019a9c5e-8d2f-7c41-9b0e-3f1d5a6b7c8d" }) });

const job = z
  .object({
    job_id: z.string(),
    status: jobStatus,
    video_url: z.string(),
    video_title: z.string(),
    language: z.string(),
    preferred_sources: z.array(z.string()),
    source: z.string().nullable(),
    translated_from: z.string().nullable(),
    download_url: z.string().nullable(),
    error_message: z.string().nullable(),
    error_stage: z.string().nullable(),
    created_at: z.string(),
    updated_at: z.string(),
  })
  .openapi("SubtitleJob");

export const getSubtitleJob: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "get",
  path: "/subtitles/{job_id}",
  operationId: "getSubtitleJob",
  scope: "subtitles:read",
  summary: "A job as it stands: always up to date",
  tag: TAG,
  params,
  answers: { 200: { description: "The job", schema: job } },
  notModified: true,
  problems: [404],
  async handle({ services, principal, params: { job_id: id } }) {
    const found = await storedJob(services, principal.tenant, id);
    if (found === undefined) return noJob(id);
    return json(shown(id, found), 200, { etag: `"${found.version}"` });
  },
};

function shown(id: string, { state, createdAt, updatedAt }: StoredJob): z.output<typeof job> {
  return {
    job_id: id,
    status: state.status,
    video_url: state.request.videoUrl,
    video_title: state.request.videoTitle,
    language: state.request.language,
    preferred_sources: [...state.request.preferredSources],
    source: state.source ?? null,
    translated_from: state.fromLanguage ?? null,
    download_url: state.downloadUrl ?? null,
    error_message: state.error ?? null,
    error_stage: state.stage ?? null,
    created_at: createdAt,
    updated_at: updatedAt,
  };
}

function noJob(id: string): Response {
  return notFound(`There is no job ${id}.`);
}

const eventsQuery = z.object({
  limit: wholeNumber(1, 1_000)
    .optional()
    .transform((value) => value ?? 50)
    .openapi({ type: "integer", minimum: 1, maximum: 1_000, default: 50 }),
});
const jobEvents = z
  .object({
    job_id: z.string(),
    event_count: z.int().describe("How many are given here"),
    events: z.array(z.object({ event_type: z.string(), timestamp: z.string(), source: z.string(), payload: z.any() })),
  })
  .openapi("SubtitleJobEvents");

/** Bytes of one answer, about. */
const MAX_PAGE_BYTES = 8 * 1024 * 1024;

export const getSubtitleJobEvents: Endpoint<typeof params, typeof eventsQuery, z.ZodType> = {
  method: "get",
  path: "/subtitles/{job_id}/events",
  operationId: "getSubtitleJobEvents",
  scope: "subtitles:read",
  summary: "What happened to a job, the newest first",
  tag: TAG,
  params,
  query: eventsQuery,
  answers: { 200: { description: "The newest events", schema: jobEvents } },
  problems: [404],
  async handle({ services, principal, params: { job_id: id }, query: { limit } }) {
    if ((await storedJob(services, principal.tenant, id)) === undefined) return noJob(id);
    const page = await services.objectFor(principal.tenant, `subtitle-${id}`).read({ limit, direction: "backward", maxBytes: MAX_PAGE_BYTES });
    const recorded = JSON.parse(`[${new TextDecoder().decode(page.items)}]`) as readonly { type: string; time: string; source: string; data?: unknown }[];
    const events = recorded.map(({ type, time, source, data = null }) => ({ event_type: type, timestamp: time, source, payload: data }));
    return json({ job_id: id, event_count: events.length, events });
  },
};

const fileQuery = z.object({ format: subtitleFormat.optional() });

export const getSubtitleFile: Endpoint<typeof params, typeof fileQuery, z.ZodType> = {
  method: "get",
  path: "/subtitles/{job_id}/file",
  operationId: "getSubtitleFile",
  scope: "subtitles:read",
  summary: "The file that a job came to, as SubRip or WebVTT",
  tag: TAG,
  params,
  query: fileQuery,
  answers: {
    200: { description: "The file, in UTF-8", others: { [MEDIA_TYPES.srt]: z.string(), [MEDIA_TYPES.vtt]: z.string() }, headers: ["Content-Language"] },
  },
  notModified: true,
  problems: [404, 406],
  async handle({ request, services, principal, params: { job_id: id }, query }) {
    const found = await storedJob(services, principal.tenant, id);
    if (found === undefined) return noJob(id);
    const file = await fileOf(services, principal.tenant, id, found.state);
    if (file === undefined) return notFound(whyNone(id, found.state));
    const format: SubtitleFormat | Response = wantedFormat(request, file.format, query.format);
    return format instanceof Response ? format : fileAnswer(file, format);
  },
};

async function fileOf(services: Services, tenant: string, id: string, { status, downloadUrl }: SubtitleState): Promise<LibraryText | undefined> {
  if (status !== "DONE" || downloadUrl === undefined) return undefined;
  if (downloadUrl === resultPath(id)) return resultText(services, tenant, id);
  const named = parseLibraryPath(downloadUrl);
  return named && libraryText(services, tenant, named);
}

function whyNone(id: string, { status, error, downloadUrl }: SubtitleState): string {
  if (status === "FAILED") return `The job ${id} is FAILED, so it has no file: ${error}`;
  if (status !== "DONE") return `The job ${id} is ${status}: it has no file yet.`;
  return `The job ${id} is DONE, but its file is not kept here: ${downloadUrl}`;
}
