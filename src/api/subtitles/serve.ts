import type { OpenAPIHono } from "@hono/zod-openapi";
import { type ApiEnv, serve } from "../endpoint.ts";
import { problem } from "../problem.ts";
import { getSubtitleFile, getSubtitleJob, getSubtitleJobEvents, requestSubtitle } from "./jobs.ts";
import { getLibraryFile, listLibraryFiles, putLibraryFile } from "./library.ts";

/** Serves every route of subtitles. What has a word of its own goes first: `/subtitles/library/events` is a title, not a job's events. */
export function serveSubtitles(app: OpenAPIHono<ApiEnv>): void {
  serve(app, requestSubtitle);
  // Otherwise a GET here would ask for the job `download`.
  app.all(requestSubtitle.path, (context, next) => {
    if (context.req.method !== "GET" && context.req.method !== "HEAD") return next();
    const allow = "OPTIONS, POST";
    return problem({ status: 405, code: "method_not_allowed", detail: `${context.req.method} is not allowed here; ${allow} is.`, headers: { allow } });
  });
  serve(app, putLibraryFile);
  serve(app, listLibraryFiles);
  serve(app, getLibraryFile);
  serve(app, getSubtitleJob);
  serve(app, getSubtitleJobEvents);
  serve(app, getSubtitleFile);
}
