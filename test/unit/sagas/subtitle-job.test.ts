import { expect, test } from "vitest";
import { subtitle, subtitleEvents, subtitleJob, type SubtitleLibrary, subtitleLibrary } from "../../../src/domains/subtitles/index.ts";
import { commandTo } from "../../../src/kernel/index.ts";
import { behind, givenSaga, happened } from "../../../src/testing/index.ts";

const request = { videoUrl: "https://v.example/1", videoTitle: "The Lighthouse", language: "he", preferredSources: [] };
const requested = happened("subtitle-j1", subtitleEvents.DownloadRequested(request));
const fail = (reason: string) => commandTo(subtitle, "j1", "FailJob", { reason, stage: "orchestration" });
const library = (...languages: readonly string[]) => {
  const held: SubtitleLibrary = {
    candidates: async () => languages.map((language) => ({ language, source: "library" })),
    read: async ({ language }) => ({ version: 3, language, format: "srt", text: "1\n" }),
  };
  return behind(subtitleLibrary, held);
};
const searching = givenSaga(subtitleJob).when(requested).answers("request", "done").answers("start", "done");
const translating = searching
  .answers("search", { learned: { choice: { kind: "translate", fromLanguage: "en" } } })
  .answers("translation", "done")
  .answers("translate", "done");

test("it is off: only somebody's hand starts it, and then it asks for the job itself", () => {
  expect(subtitleJob.isOff).toBe(true);
  givenSaga(subtitleJob)
    .started({ jobId: "j1", request })
    .then(commandTo(subtitle, "j1", "RequestDownload", request))
    .answers("request", "done")
    .then(commandTo(subtitle, "j1", "StartDownload", {}));
});

test("a file in the wanted language is found", async () => {
  const file = { downloadUrl: "/subtitles/library/The%20Lighthouse/he?version=3", source: "library" };
  searching
    .thenAsks("search")
    .answers("search", await searching.asks("search", library("en", "he")))
    .then(commandTo(subtitle, "j1", "CompleteDownload", file))
    .answers("found", "done")
    .thenStatus("completed")
    .thenSteps({ request: "done", start: "done", search: "done", found: "done", translation: "skipped", translate: "skipped" })
    .thenData({ jobId: "j1", request, choice: { kind: "found", ...file } })
    .thenOnce();
});

test("one in another language is translated", async () => {
  searching
    .answers("search", await searching.asks("search", library("en")))
    .then(commandTo(subtitle, "j1", "RequestTranslation", { fromLanguage: "en" }))
    .answers("translation", "done")
    .then(commandTo(subtitle, "j1", "StartTranslation", {}))
    .answers("translate", "done")
    .thenStatus("running")
    .when(happened("subtitle-j1", subtitleEvents.SubtitleTranslated({ downloadUrl: "/subtitles/j1/file" })))
    .thenStatus("completed")
    .thenSteps({ request: "done", start: "done", search: "done", found: "skipped", translation: "done", translate: "done" })
    .thenOnce();
});

test("where there is none at all, the job has failed, with the reason", async () => {
  const reason = "There is no subtitle in he, nor in any other language to translate it from.";
  searching
    .answers("search", await searching.asks("search", library()))
    .then(fail(reason))
    .answers("(afterwards)", "done")
    .thenStatus("compensated")
    .thenBecause(/no subtitle in he/);
});

test("a translator that says no, or nothing for 15 minutes, fails the job", () => {
  translating
    .when(happened("subtitle-j1", subtitleEvents.JobFailed({ reason: "unknown language", stage: "translate" })))
    .then(fail("unknown language"))
    .answers("(afterwards)", { rejected: "job_failed" })
    .thenStatus("compensated");
  translating.thenWaits(900_000).after(900_000).then(fail("translate waited longer than 900000 ms."));
});

test("a library that cannot be read now is read later", async () => {
  searching
    .answers("search", await searching.asks("search"))
    .thenAsks()
    .thenWaits(2_000)
    .after(2_000)
    .thenAsks("search");
});

test("each step that is refused fails the job", () => {
  givenSaga(subtitleJob).when(requested).answers("request", { rejected: "already_requested" }).then(fail("subtitle RequestDownload: already_requested"));
  givenSaga(subtitleJob)
    .when(requested)
    .answers("request", "done")
    .answers("start", { rejected: "job_failed" })
    .then(fail("subtitle StartDownload: job_failed"));
  searching
    .answers("search", { learned: { choice: { kind: "found", downloadUrl: "/x", source: "s" } } })
    .answers("found", { rejected: "job_done" })
    .then(fail("subtitle CompleteDownload: job_done"));
  translating.thenOnce();
});
