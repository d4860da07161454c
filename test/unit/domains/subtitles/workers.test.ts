import { describe, expect, test } from "vitest";
import {
  type LibraryText,
  readSubtitles,
  resultEvents,
  subtitle,
  subtitleDownloader,
  subtitleEvents,
  subtitleLibrary,
  subtitleResult,
  subtitleTranslator,
  type Translated,
  translator,
  type TranslationAsked,
} from "../../../../src/domains/subtitles/index.ts";
import { commandTo } from "../../../../src/kernel/index.ts";
import { localTranslator } from "../../../../src/ports/local-translator.ts";
import { aggregate, behind, givenHandler, happened, type HandlerWorld } from "../../../../src/testing/index.ts";

const deciders = [subtitle, subtitleResult];
const wanted = { videoUrl: "https://example.com/a.mp4", videoTitle: "The Lighthouse", language: "he", preferredSources: [] };
const requested = subtitleEvents.DownloadRequested(wanted);
const started = subtitleEvents.DownloadStarted({});
const english = subtitleEvents.TranslationRequested({ fromLanguage: "en" });
const translating = subtitleEvents.TranslationStarted({});
const inProgress = [requested, started] as const;
const inTranslation = [...inProgress, english, translating] as const;

const srt = "1\n00:00:01,000 --> 00:00:02,500\nIs anybody <i>up</i> there?\n\n2\n00:00:03,000 --> 00:00:04,000\nNobody & nothing.\n";
const file = (language: string, text = srt): LibraryText => ({ version: 3, language, format: "srt", text });
const failing = (stage: string, reason: string) => commandTo(subtitle, "j1", "FailJob", { reason, stage });

/** A library of these files, and whoever else stands in. */
const libraryOf = (files: readonly LibraryText[], source = "library") =>
  behind(subtitleLibrary, {
    candidates: async (title) => (title === wanted.videoTitle ? files.map(({ language }) => ({ language, source })) : []),
    read: async ({ language }) => files.find((one) => one.language === language),
  });
const broken = behind(subtitleLibrary, {
  candidates: () => Promise.reject(new Error("the library is away")),
  read: () => Promise.reject(new Error("the library is away")),
});

describe("subtitle-downloader", () => {
  const at = happened("subtitle-j1", started);
  const world = (files: readonly LibraryText[], more: HandlerWorld = {}): HandlerWorld => ({
    deciders,
    ports: [libraryOf(files)],
    found: [aggregate(subtitle, "j1", ...inProgress)],
    ...more,
  });

  test("starts what is requested", async () => {
    await givenHandler(subtitleDownloader, { deciders })
      .when(happened("subtitle-j1", requested))
      .thenOnce(commandTo(subtitle, "j1", "StartDownload", {}));
  });

  test("finds the wanted language, and names that very version of the file", async () => {
    const downloadUrl = "/subtitles/library/The%20Lighthouse/he?version=3";
    await givenHandler(subtitleDownloader, world([file("en"), file("he")]))
      .when(at)
      .thenOnce(commandTo(subtitle, "j1", "CompleteDownload", { downloadUrl, source: "library" }));
  });

  test("asks for a translation where there is only another language", async () => {
    await givenHandler(subtitleDownloader, world([file("de"), file("en")]))
      .when(at)
      .thenOnce(commandTo(subtitle, "j1", "RequestTranslation", { fromLanguage: "en" }));
  });

  test("fails where there is none at all, and says so", async () => {
    await givenHandler(subtitleDownloader, world([]))
      .when(at)
      .thenOnce(failing("download", "There is no subtitle in he, nor in any other language to translate it from."));
  });

  test("can name a file whose title is as long as titles are", async () => {
    const videoTitle = "\u{1F6A8}".repeat(200);
    const long = subtitleEvents.DownloadRequested({ ...wanted, videoTitle });
    const ports = [behind(subtitleLibrary, { candidates: async () => [{ language: "he", source: "library" }], read: async () => file("he") })];
    const downloadUrl = `/subtitles/library/${encodeURIComponent(videoTitle)}/he?version=3`;
    await givenHandler(subtitleDownloader, { deciders, ports, found: [aggregate(subtitle, "j1", long, started)] })
      .when(at)
      .thenOnce(commandTo(subtitle, "j1", "CompleteDownload", { downloadUrl, source: "library" }));
  });

  test.each([
    ["done", [...inProgress, subtitleEvents.SubtitleReady({ downloadUrl: "/x", source: "library" })]],
    ["failed", [...inProgress, subtitleEvents.JobFailed({ reason: "none", stage: "download" })]],
    ["being translated", [...inProgress, english]],
    ["unknown", []],
  ] as const)("leaves a job alone that is %s by now", async (_, facts) => {
    await givenHandler(subtitleDownloader, world([file("he")], { found: [aggregate(subtitle, "j1", ...facts)] }))
      .when(at)
      .then();
  });

  test("tries again while the library is away, and at last the job has failed", async () => {
    await givenHandler(subtitleDownloader, world([], { ports: [broken], attempt: 4 }))
      .when(at)
      .thenFails(/the library is away/);
    await givenHandler(subtitleDownloader, world([], { ports: [broken], attempt: 5 }))
      .when(at)
      .then(failing("download", "The library could not be read."));
  });

  test("tries again where a file is offered that is not there yet", async () => {
    const ports = [behind(subtitleLibrary, { candidates: async () => [{ language: "he", source: "library" }], read: async () => undefined })];
    await givenHandler(subtitleDownloader, world([], { ports }))
      .when(at)
      .thenFails(/expected the library to have he/);
  });

  test("does not believe what stands in a stream of somebody else's", async () => {
    await givenHandler(subtitleDownloader, world([file("he")]))
      .when(happened("note-j1", requested), happened("note-j1", started))
      .then();
  });
});

describe("subtitle-translator", () => {
  const at = happened("subtitle-j1", translating);
  const completing = commandTo(subtitle, "j1", "CompleteTranslation", { downloadUrl: "/subtitles/j1/file" });
  const world = (more: HandlerWorld = {}): HandlerWorld => ({
    deciders,
    ports: [libraryOf([file("en")]), behind(translator, localTranslator)],
    found: [aggregate(subtitle, "j1", ...inTranslation)],
    ...more,
  });
  const saying = (translated: Translated, asked: TranslationAsked[] = []) => ({
    ports: [libraryOf([file("en")]), behind(translator, { translate: async (question) => (asked.push(question), translated) })],
  });

  test("starts what is requested", async () => {
    await givenHandler(subtitleTranslator, { deciders })
      .when(happened("subtitle-j1", english))
      .thenOnce(commandTo(subtitle, "j1", "StartTranslation", {}));
  });

  test("keeps the translation, every cue at its time, and then the job is done", async () => {
    const text = srt.replace("Is", "[he] Is").replace("Nobody", "[he] Nobody");
    const kept = commandTo(subtitleResult, "j1", "KeepFile", { language: "he", format: "srt", text });
    await givenHandler(subtitleTranslator, world()).when(at).thenOnce(kept, completing);
  });

  test("asks once for all texts, with the languages and a key that is the same at the next attempt", async () => {
    const asked: TranslationAsked[] = [];
    const { ports } = saying({ ok: true, texts: ["a", "b"] }, asked);
    const text = "1\n00:00:01,000 --> 00:00:02,500\na\n\n2\n00:00:03,000 --> 00:00:04,000\nb\n";
    await givenHandler(subtitleTranslator, world({ ports }))
      .when(at)
      .thenOnce(commandTo(subtitleResult, "j1", "KeepFile", { language: "he", format: "srt", text }), completing);
    expect(asked).toMatchObject([
      { texts: ["Is anybody <i>up</i> there?", "Nobody & nothing."], format: "srt", from: "en", to: "he", key: "test/e1" },
      { key: "test/e1" },
    ]);
  });

  test("does not translate twice what was kept by an attempt that got no further", async () => {
    const kept = aggregate(subtitleResult, "j1", resultEvents.FileKept({ language: "he", format: "srt", text: srt }));
    const asked: TranslationAsked[] = [];
    const { ports } = saying({ ok: true, texts: ["x", "y"] }, asked);
    await givenHandler(subtitleTranslator, world({ ports, found: [aggregate(subtitle, "j1", ...inTranslation), kept] }))
      .when(at)
      .thenOnce(completing);
    expect(asked).toEqual([]);
  });

  test("tries again where that may help, and at last the job has failed with what the translator said", async () => {
    const { ports } = saying({ ok: false, reason: "The translator answered 503.", isFinal: false });
    await givenHandler(subtitleTranslator, world({ ports }))
      .when(at)
      .thenFails(/^The translator answered 503\.$/);
    await givenHandler(subtitleTranslator, world({ ports, attempt: 5 }))
      .when(at)
      .then(failing("translate", "The translator answered 503."));
  });

  test("fails at once where trying again would not help", async () => {
    const { ports } = saying({ ok: false, reason: "The translator does not know the language he.", isFinal: true });
    await givenHandler(subtitleTranslator, world({ ports })).when(at).thenOnce(failing("translate", "The translator does not know the language he."));
  });

  test("fails for a translation that is no whole file any more", async () => {
    const { ports } = saying({ ok: true, texts: ["only one"] });
    await givenHandler(subtitleTranslator, world({ ports }))
      .when(at)
      .thenOnce(failing("translate", "The translation is no whole file: Expected 2 texts, got 1."));
  });

  test("fails for a translation that is larger than a file may be, in bytes", async () => {
    const { ports } = saying({ ok: true, texts: ["א".repeat(530_000), "b"] });
    await givenHandler(subtitleTranslator, world({ ports })).when(at).then(failing("translate", "The translation is larger than 1048576 bytes."));
  });

  test("fails where the library does not have the file any more, or has a broken one", async () => {
    const others = behind(translator, localTranslator);
    await givenHandler(subtitleTranslator, world({ ports: [libraryOf([]), others] }))
      .when(at)
      .thenOnce(failing("translate", "The library has no file in en any more."));
    await givenHandler(subtitleTranslator, world({ ports: [libraryOf([file("en", "no subtitles")]), others] }))
      .when(at)
      .thenOnce(failing("translate", `The library's file in en is broken: Expected a cue's number, such as 12, got "no subtitles"`));
  });

  test.each([
    ["done", [...inTranslation, subtitleEvents.SubtitleTranslated({ downloadUrl: "/x" })]],
    ["failed", [...inTranslation, subtitleEvents.JobFailed({ reason: "none", stage: "translate" })]],
    ["unknown", []],
  ] as const)("leaves a job alone that is %s by now", async (_, facts) => {
    await givenHandler(subtitleTranslator, world({ found: [aggregate(subtitle, "j1", ...facts)] }))
      .when(at)
      .then();
  });

  test("tries again while the library is away, and at last the job has failed", async () => {
    await givenHandler(subtitleTranslator, world({ ports: [broken] }))
      .when(at)
      .thenFails(/the library is away/);
    await givenHandler(subtitleTranslator, world({ ports: [broken], attempt: 5 }))
      .when(at)
      .then(failing("translate", "The subtitle could not be translated."));
  });

  test("does not believe what stands in a stream of somebody else's", async () => {
    await givenHandler(subtitleTranslator, world()).when(happened("note-j1", english), happened("note-j1", translating)).then();
  });
});

test("a job goes all the way by what the workers send, one command after the other", () => {
  const log: readonly (readonly [name: string, data: unknown])[] = [
    ["RequestDownload", wanted],
    ["StartDownload", {}],
    ["RequestTranslation", { fromLanguage: "en" }],
    ["StartTranslation", {}],
    ["CompleteTranslation", { downloadUrl: "/subtitles/j1/file" }],
  ];
  const state = log.reduce<unknown>((state, [name, data]) => {
    const decided = subtitle.decide({ name, data }, state, { now: "2026-01-01T00:00:00.000Z", id: "j1" });
    return (decided as readonly never[]).reduce((state, fact) => subtitle.evolve(state, fact), state);
  }, subtitle.initialState());
  expect(state).toMatchObject({ status: "DONE", downloadUrl: "/subtitles/j1/file", fromLanguage: "en" });
  expect(readSubtitles(srt).ok).toBe(true);
});
