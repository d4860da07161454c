import { Buffer } from "node:buffer";
import { z } from "@hono/zod-openapi";
import { keptFile, language, libraryPath, subtitleFormat, title, titleId, type TitleState } from "../../domains/subtitles/index.ts";
import { WRITTEN } from "../answer-headers.ts";
import { json } from "../answer.ts";
import { MAX_EVENT_BYTES } from "../draft-limits.ts";
import type { Call, Endpoint } from "../endpoint.ts";
import { notFound, problem } from "../problem.ts";
import { wholeNumber } from "../schemas.ts";
import { sendCommand } from "./commands.ts";
import { entityTag, fileAnswer, MEDIA_TYPES, wantedFormat } from "./representation.ts";
import { libraryText, storedTitle } from "./stored.ts";
import { FILE_TYPES, mayBeFile, uploadedFile } from "./upload.ts";

/** A file, at most, in bytes: as it comes, and as it is stored. */
const MAX_FILE_BYTES = MAX_EVENT_BYTES;

const TAG = "Subtitles";
const titleParams = z.object({ title });
const fileParams = titleParams.extend({ language });
type FileParams = z.output<typeof fileParams>;

const storedFile = z
  .object({ title: z.string(), language: z.string(), format: subtitleFormat, cues: z.int() })
  .openapi("LibraryFile", { example: { title: "Big Buck Bunny", language: "en", format: "srt", cues: 12 } });

export const putLibraryFile: Endpoint<typeof fileParams, z.ZodObject, z.ZodType> = {
  method: "put",
  path: "/subtitles/library/{title}/{language}",
  operationId: "putLibraryFile",
  scope: "subtitles:write",
  summary: "Keep a SubRip or WebVTT file in the library: the title's subtitles in this language",
  tag: TAG,
  params: fileParams,
  rawBody: {
    maxBytes: MAX_FILE_BYTES,
    mediaTypes: FILE_TYPES,
    isIn: mayBeFile,
    schemas: { [MEDIA_TYPES.srt]: z.string(), [MEDIA_TYPES.vtt]: z.string(), "text/plain": z.string() },
  },
  answers: {
    200: { description: "Changed, or already so", schema: storedFile, headers: WRITTEN },
    201: { description: "New", schema: storedFile, headers: WRITTEN },
  },
  problems: [409, 410, 415, 429],
  handle: keep,
};

async function keep(call: Call<FileParams, unknown, unknown>): Promise<Response> {
  const { title, language } = call.params;
  const uploaded = uploadedFile(call.request.headers, call.bytes);
  if (uploaded instanceof Response) return uploaded;
  const { format, text } = uploaded;
  const data = { title, language, format, text };
  const size = Buffer.byteLength(JSON.stringify(data));
  if (size > MAX_FILE_BYTES) {
    return problem({ status: 413, code: "event_too_large", detail: `The file is ${size} bytes as stored, expected at most ${MAX_FILE_BYTES}.` });
  }
  const sent = await sendCommand(call, { category: "subtitle_title", id: titleId(title), command: "StoreFile", data });
  if (!sent.ok) return sent.response;
  const kept = keptFile.parse((sent.state as TitleState).files[language]);
  const isNew = sent.events.length > 0 && kept.revision === 1;
  return json({ title, language, format: kept.format, cues: kept.cues }, isNew ? 201 : 200, {
    etag: entityTag(kept.digest, kept.format),
    "consistency-token": sent.token,
    ...(isNew && { location: libraryPath({ title, language }) }),
  });
}

export const listLibraryFiles: Endpoint<typeof titleParams, z.ZodObject, z.ZodType> = {
  method: "get",
  path: "/subtitles/library/{title}",
  operationId: "listLibraryFiles",
  scope: "subtitles:read",
  summary: "The languages that the library has a title in",
  tag: TAG,
  params: titleParams,
  answers: {
    200: {
      description: "The languages, by the alphabet",
      schema: z.object({ title: z.string(), languages: z.array(z.string()), files: z.array(storedFile.omit({ title: true })) }),
    },
  },
  problems: [404],
  async handle({ services, principal, params }) {
    const state = await storedTitle(services, principal.tenant, titleId(params.title));
    if (state === undefined) return notFound(`The library has nothing for the title ${params.title}.`);
    const languages = Object.keys(state.files).toSorted();
    const files = languages.map((language) => ({ language, format: state.files[language]?.format, cues: state.files[language]?.cues }));
    return json({ title: state.title, languages, files });
  },
};

const fileQuery = z.object({ format: subtitleFormat.optional(), version: wholeNumber(1, Number.MAX_SAFE_INTEGER).optional() });

export const getLibraryFile: Endpoint<typeof fileParams, typeof fileQuery, z.ZodType> = {
  method: "get",
  path: "/subtitles/library/{title}/{language}",
  operationId: "getLibraryFile",
  scope: "subtitles:read",
  summary: "A file of the library, as SubRip or WebVTT; Content-Location names this very version of it",
  tag: TAG,
  params: fileParams,
  query: fileQuery,
  answers: {
    200: {
      description: "The file, in UTF-8",
      others: { [MEDIA_TYPES.srt]: z.string(), [MEDIA_TYPES.vtt]: z.string() },
      headers: ["Content-Language", "Content-Location"],
    },
  },
  notModified: true,
  problems: [404, 406],
  async handle({ request, services, principal, params: { title, language }, query }) {
    const file = await libraryText(services, principal.tenant, { title, language, version: query.version });
    if (file === undefined) return notFound(`The library has no such file in ${language} for the title ${title}.`);
    const format = wantedFormat(request, file.format, query.format);
    if (format instanceof Response) return format;
    const answer = fileAnswer(file, format);
    answer.headers.set("content-location", `${libraryPath({ title, language, version: file.version })}&format=${format}`);
    return answer;
  },
};
