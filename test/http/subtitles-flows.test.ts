import { describe, expect, test } from "vitest";
import { eventsOf, expectProblem, get, ok, send } from "../support/http.ts";
import { eventually } from "./eventually.ts";

interface Job {
  readonly job_id: string;
  readonly status: string;
  readonly download_url: string | null;
  readonly error_message: string | null;
  readonly error_stage: string | null;
  readonly source: string | null;
  readonly translated_from: string | null;
}
interface Told {
  readonly event_type: string;
  readonly source: string;
  readonly payload: unknown;
}

const headers = { "tenant-id": "flows-subtitles" };
const srt = "1\n00:00:01,000 --> 00:00:02,500\nIs anybody <i>up</i> there?\n\n2\n00:00:03,000 --> 00:00:04,000\nNobody & nothing.\n";
const vtt = "WEBVTT\n\nfirst\n00:01.000 --> 00:02.500 align:start\nIst da <i>jemand</i>?\n";

const keep = async (title: string, language: string, text: string, type = "application/x-subrip"): Promise<void> => {
  ok(await send("PUT", `/subtitles/library/${encodeURIComponent(title)}/${language}`, text, { ...headers, "content-type": type }));
};
const request = async (title: string, language: string, more: object = {}): Promise<string> => {
  const body = { video_url: "https://example.com/a.mp4", video_title: title, language, ...more };
  const answer = await send("POST", "/subtitles/download", body, headers);
  expect([answer.status, answer.json<Job>().status]).toEqual([202, "DOWNLOAD_QUEUED"]);
  return answer.json<Job>().job_id;
};
const ended = (id: string): Promise<Job> =>
  eventually(
    `the job ${id} to end`,
    async () => ok<Job>(await get(`/subtitles/${id}`, headers)),
    ({ status }) => status === "DONE" || status === "FAILED",
  );
const told = async (id: string, query = ""): Promise<readonly (readonly [string, string])[]> =>
  ok<{ events: readonly Told[] }>(await get(`/subtitles/${id}/events${query}`, headers)).events.map(({ event_type, source }) => [event_type, source]);

describe("a job", () => {
  test("finds what the library has in the wanted language", async () => {
    await keep("Found", "he", srt);
    await keep("Found", "en", srt);
    const id = await request("  FOUND ", "he", { preferred_sources: ["elsewhere", "library"] });
    const url = "/subtitles/library/%20%20FOUND%20/he?version=1";
    expect(await ended(id)).toMatchObject({ status: "DONE", download_url: url, source: "library", translated_from: null, error_message: null });
    expect(await told(id)).toEqual([
      ["subtitle.ready", "downloader"],
      ["subtitle.download.started", "downloader"],
      ["subtitle.download.requested", "manager"],
    ]);
    // It stays the file that was found.
    await keep("Found", "he", srt.replace("Nobody", "Somebody"));
    expect((await get(`/subtitles/${id}/file`, headers)).text).toBe(srt);
    expect((await get(url, headers)).text).toBe(srt);
  });

  test("translates what there is in another language, and every cue keeps its time", async () => {
    await keep("Translated", "en", srt);
    await keep("Translated", "de", vtt, "text/vtt");
    const id = await request("Translated", "he");
    expect(await ended(id)).toMatchObject({ status: "DONE", download_url: `/subtitles/${id}/file`, translated_from: "en", error_message: null });
    expect((await get(`/subtitles/${id}/file`, headers)).text).toBe(srt.replace("Is", "[he] Is").replace("Nobody", "[he] Nobody"));
    expect(await told(id)).toEqual([
      ["subtitle.translated", "translator"],
      ["subtitle.translate.started", "translator"],
      ["subtitle.translate.requested", "downloader"],
      ["subtitle.download.started", "downloader"],
      ["subtitle.download.requested", "manager"],
    ]);
    expect((await told(id, "?limit=2")).map(([type]) => type)).toEqual(["subtitle.translated", "subtitle.translate.started"]);
    expect(await eventsOf(`subtitle_result-${id}`, headers)).toHaveLength(1);
  });

  test("translates a WebVTT file as one, with its settings", async () => {
    await keep("Only German", "de", vtt, "text/vtt");
    const id = await request("Only German", "pt-BR");
    expect(await ended(id)).toMatchObject({ status: "DONE", translated_from: "de" });
    const { text } = await get(`/subtitles/${id}/file`, headers);
    expect(text).toContain("first\n00:00:01.000 --> 00:00:02.500 align:start\n[pt-br] Ist da <i>jemand</i>?\n");
  });

  test("fails with the reason where there is none at all", async () => {
    const id = await request("Nowhere", "he");
    const reason = "There is no subtitle in he, nor in any other language to translate it from.";
    expect(await ended(id)).toMatchObject({ status: "FAILED", error_message: reason, error_stage: "download", download_url: null });
    expect(await told(id)).toEqual([
      ["job.failed", "downloader"],
      ["subtitle.download.started", "downloader"],
      ["subtitle.download.requested", "manager"],
    ]);
    expectProblem(await get(`/subtitles/${id}/file`, headers), 404);
  });

  test("fails with the reason where the translation would be larger than a file may be", async () => {
    const cues = Array.from({ length: 24_000 }, (_, index) => `${index + 1}\n00:00:01,000 --> 00:00:02,000\nx\n`);
    await keep("Too large", "en", cues.join("\n"));
    const id = await request("Too large", "he");
    expect(await ended(id)).toMatchObject({ status: "FAILED", error_message: "The translation is larger than 1048576 bytes.", error_stage: "translate" });
    expect((await told(id))[0]).toEqual(["job.failed", "translator"]);
  });

  test("finds another tenant's file no more than it finds any", async () => {
    ok(await send("PUT", "/subtitles/library/Elsewhere/he", srt, { "tenant-id": "flows-subtitles-other", "content-type": "application/x-subrip" }));
    expect(await ended(await request("Elsewhere", "he"))).toMatchObject({ status: "FAILED", error_stage: "download" });
  });
});

test("many jobs at once all come to their end, each by itself", async () => {
  await keep("Many", "en", srt);
  const jobs = await Promise.all(["en", "he", "fr", "en", "he", "fr", "de", "it"].map(async (language) => ({ language, id: await request("Many", language) })));
  for (const { language, id } of jobs) {
    expect(await ended(id), language).toMatchObject({ status: "DONE", translated_from: language === "en" ? null : "en" });
    expect(await told(id)).toHaveLength(language === "en" ? 3 : 5);
  }
});
