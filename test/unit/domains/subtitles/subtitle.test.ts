import { describe, test } from "vitest";
import { subtitle, subtitleEvents } from "../../../../src/domains/subtitles/index.ts";
import { given } from "../../../../src/testing/index.ts";

const wanted = { videoUrl: "https://example.com/lighthouse.mp4", videoTitle: "The Lighthouse", language: "he", preferredSources: ["library"] };
const ready = { downloadUrl: "/subtitles/library/The%20Lighthouse/he?version=3", source: "library" };
const translation = { downloadUrl: "/subtitles/j1/file" };
const failure = { reason: "There is no subtitle in he.", stage: "download" };

const requested = subtitleEvents.DownloadRequested(wanted);
const started = subtitleEvents.DownloadStarted({});
const found = subtitleEvents.SubtitleReady(ready);
const wantsTranslation = subtitleEvents.TranslationRequested({ fromLanguage: "en" });
const translating = subtitleEvents.TranslationStarted({});
const translated = subtitleEvents.SubtitleTranslated(translation);
const failed = { ...subtitleEvents.JobFailed(failure), source: "downloader" };

const noJob = given(subtitle);
const queued = given(subtitle, requested);
const downloading = given(subtitle, requested, started);
const done = given(subtitle, requested, started, found);
const waiting = given(subtitle, requested, started, wantsTranslation);
const inTranslation = given(subtitle, requested, started, wantsTranslation, translating);
const doneTranslated = given(subtitle, requested, started, wantsTranslation, translating, translated);
const dead = given(subtitle, requested, started, failed);

describe("RequestDownload", () => {
  test("queues a job, once", () => {
    noJob.when("RequestDownload", wanted).then(requested).thenState({ status: "DOWNLOAD_QUEUED", request: wanted }).thenOnce();
  });

  test("is the manager's fact, of the type that its users know", () => {
    noJob.when("RequestDownload", wanted).then({ type: "subtitle.download.requested", data: wanted, source: "manager" });
  });

  test("takes languages in any case, and no sources where none are preferred", () => {
    const { preferredSources: _, ...bare } = { ...wanted, language: "PT-br" };
    noJob.when("RequestDownload", bare).then(subtitleEvents.DownloadRequested({ ...wanted, language: "pt-br", preferredSources: [] }));
  });

  test.each([queued, downloading, done, waiting, inTranslation, doneTranslated, dead])("again decides nothing, however far the job is (%#)", (job) => {
    job.when("RequestDownload", wanted).then();
  });

  test("with other data for the same job is refused", () => {
    queued.when("RequestDownload", { ...wanted, language: "ar" }).thenRejected("already_requested");
    dead.when("RequestDownload", { ...wanted, videoTitle: "Another" }).thenRejected("already_requested");
  });
});

describe("StartDownload", () => {
  test("starts what is queued, once", () => {
    queued.when("StartDownload", {}).then({ type: "subtitle.download.started", data: {}, source: "downloader" });
    queued.when("StartDownload", {}).thenState({ status: "DOWNLOAD_IN_PROGRESS", request: wanted }).thenOnce();
  });

  test.each([downloading, done, waiting, inTranslation, doneTranslated])("decides nothing once it was started (%#)", (job) => {
    job.when("StartDownload", {}).then();
  });

  test("is refused without a job, and for one that has failed", () => {
    noJob.when("StartDownload", {}).thenRejected("no_such_job");
    dead.when("StartDownload", {}).thenRejected("job_failed");
  });
});

describe("CompleteDownload", () => {
  test("ends the job with what was found, once", () => {
    downloading.when("CompleteDownload", ready).then({ type: "subtitle.ready", data: ready, source: "downloader" });
    downloading
      .when("CompleteDownload", ready)
      .thenState({ status: "DONE", request: wanted, ...ready })
      .thenOnce();
  });

  test.each([
    ["no_such_job", noJob],
    ["download_not_started", queued],
    ["translation_requested", waiting],
    ["translation_requested", inTranslation],
    ["job_done", doneTranslated],
    ["job_failed", dead],
  ])("is refused with %s where the job is elsewhere (%#)", (code, job) => {
    job.when("CompleteDownload", ready).thenRejected(code);
  });

  test("with another result is refused, for the job is done", () => {
    done.when("CompleteDownload", { ...ready, downloadUrl: "/elsewhere" }).thenRejected("job_done");
    done.when("CompleteDownload", { ...ready, source: "another" }).thenRejected("job_done");
    done.when("CompleteDownload", ready).then();
  });
});

describe("RequestTranslation", () => {
  const wish = { fromLanguage: "en" };

  test("queues the translation, once", () => {
    downloading.when("RequestTranslation", wish).then({ type: "subtitle.translate.requested", data: wish, source: "downloader" });
    downloading
      .when("RequestTranslation", wish)
      .thenState({ status: "TRANSLATE_QUEUED", request: wanted, ...wish })
      .thenOnce();
  });

  test.each([waiting, inTranslation, doneTranslated])("again decides nothing, however far the translation is (%#)", (job) => {
    job.when("RequestTranslation", wish).then();
  });

  test.each([
    ["no_such_job", noJob],
    ["download_not_started", queued],
    ["job_done", done],
    ["job_failed", dead],
  ])("is refused with %s where the job is elsewhere (%#)", (code, job) => {
    job.when("RequestTranslation", wish).thenRejected(code);
  });

  test("from another language than asked before is refused", () => {
    waiting.when("RequestTranslation", { fromLanguage: "es" }).thenRejected("translation_requested");
    doneTranslated.when("RequestTranslation", { fromLanguage: "es" }).thenRejected("job_done");
  });

  test("from the wanted language itself is refused", () => {
    downloading.when("RequestTranslation", { fromLanguage: "HE" }).thenRejected("same_language");
  });
});

describe("StartTranslation", () => {
  test("starts what waits for it, once", () => {
    waiting.when("StartTranslation", {}).then({ type: "subtitle.translate.started", data: {}, source: "translator" });
    waiting.when("StartTranslation", {}).thenState({ status: "TRANSLATE_IN_PROGRESS", request: wanted, fromLanguage: "en" }).thenOnce();
  });

  test.each([inTranslation, doneTranslated])("decides nothing once it was started (%#)", (job) => {
    job.when("StartTranslation", {}).then();
  });

  test.each([
    ["no_such_job", noJob],
    ["translation_not_requested", queued],
    ["translation_not_requested", downloading],
    ["translation_not_requested", done],
    ["job_failed", dead],
  ])("is refused with %s where nobody asked for one (%#)", (code, job) => {
    job.when("StartTranslation", {}).thenRejected(code);
  });
});

describe("CompleteTranslation", () => {
  test("ends the job with the translation, once", () => {
    inTranslation.when("CompleteTranslation", translation).then({ type: "subtitle.translated", data: translation, source: "translator" });
    inTranslation
      .when("CompleteTranslation", translation)
      .thenState({ status: "DONE", request: wanted, fromLanguage: "en", ...translation })
      .thenOnce();
  });

  test.each([
    ["no_such_job", noJob],
    ["translation_not_requested", queued],
    ["translation_not_requested", downloading],
    ["translation_not_requested", done],
    ["translation_not_started", waiting],
    ["job_failed", dead],
  ])("is refused with %s where the job is elsewhere (%#)", (code, job) => {
    job.when("CompleteTranslation", translation).thenRejected(code);
  });

  test("with another result is refused, for the job is done", () => {
    doneTranslated.when("CompleteTranslation", { downloadUrl: "/elsewhere" }).thenRejected("job_done");
  });
});

describe("FailJob", () => {
  test.each([
    ["manager", queued],
    ["downloader", downloading],
    ["manager", waiting],
    ["translator", inTranslation],
  ])("ends the job with the reason, once, as the %s's fact (%#)", (source, job) => {
    job.when("FailJob", failure).then({ type: "job.failed", data: failure, source });
    job.when("FailJob", failure).thenOnce();
  });

  test("is seen in the state", () => {
    downloading.when("FailJob", failure).thenState({ status: "FAILED", request: wanted, error: failure.reason, stage: "download" });
  });

  test.each([
    ["no_such_job", noJob],
    ["job_done", done],
    ["job_done", doneTranslated],
  ])("is refused with %s where there is nothing to fail (%#)", (code, job) => {
    job.when("FailJob", failure).thenRejected(code);
  });

  test("for another reason is refused, for the first one stands", () => {
    dead.when("FailJob", { ...failure, reason: "another" }).thenRejected("job_failed");
    dead.when("FailJob", { ...failure, stage: "translate" }).thenRejected("job_failed");
  });
});
