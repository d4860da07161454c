import { test } from "vitest";
import { subtitleEvents, subtitles } from "../../../../src/domains/subtitles/index.ts";
import { givenLog, happened } from "../../../../src/testing/index.ts";

const [subtitleJobs] = subtitles.projections as [(typeof subtitles.projections)[number]];
const requested = (videoTitle: string, language = "he") =>
  subtitleEvents.DownloadRequested({ videoUrl: "https://example.com/a.mp4", videoTitle, language, preferredSources: [] });
const at = (minute: number): string => `2026-11-20T10:0${minute}:00.000Z`;
const job = { videoTitle: "A", language: "he", downloadUrl: null, error: null };

test("a job that was requested is queued", () => {
  givenLog(subtitleJobs, happened("subtitle-j1", requested("A"), at(0))).thenRows({ ...job, jobId: "j1", status: "DOWNLOAD_QUEUED", updatedAt: at(0) });
});

test("every step is seen: found, translated, failed, each job by itself", () => {
  const [started, translating] = [subtitleEvents.DownloadStarted({}), subtitleEvents.TranslationStarted({})];
  givenLog(
    subtitleJobs,
    ...["j1", "j2", "j3", "j4", "j5", "j6"].map((id) => happened(`subtitle-${id}`, requested("A"), at(0))),
    ...["j2", "j3", "j4", "j5", "j6"].map((id) => happened(`subtitle-${id}`, started, at(1))),
    happened("subtitle-j3", subtitleEvents.SubtitleReady({ downloadUrl: "/found", source: "library" }), at(2)),
    ...["j4", "j5"].map((id) => happened(`subtitle-${id}`, subtitleEvents.TranslationRequested({ fromLanguage: "en" }), at(2))),
    happened("subtitle-j5", translating, at(3)),
    happened("subtitle-j6", subtitleEvents.JobFailed({ reason: "none", stage: "download" }), at(4)),
  ).thenRows(
    { ...job, jobId: "j1", status: "DOWNLOAD_QUEUED", updatedAt: at(0) },
    { ...job, jobId: "j2", status: "DOWNLOAD_IN_PROGRESS", updatedAt: at(1) },
    { ...job, jobId: "j3", status: "DONE", downloadUrl: "/found", updatedAt: at(2) },
    { ...job, jobId: "j4", status: "TRANSLATE_QUEUED", updatedAt: at(2) },
    { ...job, jobId: "j5", status: "TRANSLATE_IN_PROGRESS", updatedAt: at(3) },
    { ...job, jobId: "j6", status: "FAILED", error: "none", updatedAt: at(4) },
  );
});

test("a translated job is done with its result", () => {
  givenLog(
    subtitleJobs,
    happened("subtitle-j1", requested("A"), at(0)),
    happened("subtitle-j1", subtitleEvents.SubtitleTranslated({ downloadUrl: "/translated" }), at(5)),
  ).thenRows({ ...job, jobId: "j1", status: "DONE", downloadUrl: "/translated", updatedAt: at(5) });
});

test("what happens to a job that nobody requested makes no row", () => {
  givenLog(
    subtitleJobs,
    happened("subtitle-j1", subtitleEvents.DownloadStarted({})),
    happened("other-j1", subtitleEvents.JobFailed({ reason: "x", stage: "y" })),
  ).thenRows();
});
