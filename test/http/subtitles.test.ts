import { beforeAll, describe, expect, test } from "vitest";
import { type Answer, eventsOf, expectProblem, get, type HeaderFields, newerThan, ok, send } from "../support/http.ts";

interface Job {
  readonly job_id: string;
  readonly status: string;
  readonly download_url: string | null;
  readonly error_message: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}
interface JobEvents {
  readonly job_id: string;
  readonly event_count: number;
  readonly events: readonly { readonly event_type: string; readonly timestamp: string; readonly source: string; readonly payload: unknown }[];
}

const wanted = { video_url: "https://example.com/lighthouse.mp4", video_title: "The Lighthouse", language: "he", preferred_sources: ["library"] };
const srt = "1\n00:00:01,000 --> 00:00:02,500\nIs anybody <i>up</i> there?\n\n2\n00:00:03,000 --> 00:00:04,000\nNobody & nothing.\n";

const request = (body: unknown = wanted, headers: HeaderFields = {}): Promise<Answer> => send("POST", "/subtitles/download", body, headers);
const command = (id: string, name: string, data: object = {}): Promise<Answer> => send("POST", `/v1/aggregates/subtitle/${id}/${name}`, data);
const newJob = async (body: unknown = wanted): Promise<string> => ok<Job>(await request(body)).job_id;
const jobOf = async (id: string): Promise<Job> => ok<Job>(await get(`/subtitles/${id}`));
const each = async (id: string, ...commands: readonly (readonly [name: string, data?: object])[]): Promise<void> => {
  for (const [name, data] of commands) ok(await command(id, name, data));
};

// The workers would go on by themselves with what is done by hand here.
beforeAll(async () => {
  for (const worker of ["subtitle-downloader", "subtitle-translator"]) ok(await send("POST", `/v1/handlers/${worker}/pause`));
});

describe("POST /subtitles/download", () => {
  test("queues a job with an id of its own, and says where it is", async () => {
    const answer = await request();
    expect(answer.status).toBe(202);
    const { job_id, status } = answer.json<Job>();
    expect(job_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(status).toBe("DOWNLOAD_QUEUED");
    expect(answer.headers.get("location")).toBe(`/subtitles/${job_id}`);
    expect(answer.headers.get("consistency-token")).toBe(`subtitle-${job_id}@1`);
    expect(await newJob()).not.toBe(job_id);
  });

  test("takes a language in any case, and no preferred sources", async () => {
    const { preferred_sources: _, ...bare } = { ...wanted, language: "PT-BR" };
    const id = await newJob(bare);
    expect(ok(await get(`/subtitles/${id}`))).toMatchObject({ language: "pt-br", preferred_sources: [] });
  });

  test.each([
    ["no URL", { ...wanted, video_url: "lighthouse.mp4" }, "video_url"],
    ["no title", { ...wanted, video_title: " " }, "video_title"],
    ["no language", { ...wanted, language: "Hebrew!" }, "language"],
    ["sources that are no list", { ...wanted, preferred_sources: "library" }, "preferred_sources"],
    ["a nameless source", { ...wanted, preferred_sources: ["library", ""] }, "preferred_sources[1]"],
  ])("refuses %s with 422 and the path", async (_, body, path) => {
    expect(expectProblem(await request(body), 422, "invalid_input").errors?.map((error) => error.path)).toEqual([path]);
  });

  test("leaves out a field that it does not know, as every command does, and which makes up for none that is missing", async () => {
    const id = await newJob({ ...wanted, unheardOf: "unheard of", videoUrl: "unheard of" });
    expect(JSON.stringify([await eventsOf(`subtitle-${id}`), ok(await get(`/subtitles/${id}`))])).not.toMatch(/unheard/i);
    const { video_url: videoUrl, ...others } = wanted;
    expect(expectProblem(await request({ ...others, videoUrl }), 422).errors?.map((error) => error.path)).toEqual(["video_url"]);
  });

  test("with an Idempotency-Key is one job, however often it comes", async () => {
    const headers = { "idempotency-key": "subtitle-once" };
    const [first, second] = [await request(wanted, headers), await request(wanted, headers)];
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(second.text).toBe(first.text);
    expect(first.headers.get("idempotency-replayed")).toBeNull();
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    const { job_id } = first.json<Job>();
    expect(await eventsOf(`subtitle-${job_id}`)).toHaveLength(1);
    expect(ok<Job>(await request(wanted, { ...headers, "tenant-id": "other-viewer" })).job_id).not.toBe(job_id);
  });

  test("refuses an Idempotency-Key that came with another request", async () => {
    ok(await request(wanted, { "idempotency-key": "subtitle-twice" }));
    expectProblem(await request({ ...wanted, language: "ar" }, { "idempotency-key": "subtitle-twice" }), 422, "idempotency_key_reused");
  });

  test("needs a key, and takes nothing but POST", async () => {
    expectProblem(await request(wanted, { authorization: undefined }), 401);
    for (const method of ["GET", "PUT", "DELETE"]) {
      const wrong = await send(method, "/subtitles/download");
      expectProblem(wrong, 405, "method_not_allowed");
      expect(wrong.headers.get("allow")).toBe("OPTIONS, POST");
    }
    expect((await send("OPTIONS", "/subtitles/download")).headers.get("allow")).toBe("OPTIONS, POST");
  });
});

describe("GET /subtitles/{job_id}", () => {
  test("shows a job at every step: found", async () => {
    const id = await newJob();
    expect(await jobOf(id)).toMatchObject({
      job_id: id,
      status: "DOWNLOAD_QUEUED",
      video_url: wanted.video_url,
      video_title: wanted.video_title,
      language: "he",
      preferred_sources: ["library"],
      download_url: null,
      error_message: null,
    });
    await each(id, ["StartDownload"]);
    expect(await jobOf(id)).toMatchObject({ status: "DOWNLOAD_IN_PROGRESS" });
    await each(id, ["CompleteDownload", { downloadUrl: "https://example.com/he.srt", source: "web" }]);
    const done = await jobOf(id);
    expect(done).toMatchObject({ status: "DONE", download_url: "https://example.com/he.srt", source: "web", translated_from: null });
    expect(done.created_at <= done.updated_at).toBe(true);
  });

  test("shows a job at every step: translated", async () => {
    const id = await newJob();
    await each(id, ["StartDownload"], ["RequestTranslation", { fromLanguage: "en" }]);
    expect(await jobOf(id)).toMatchObject({ status: "TRANSLATE_QUEUED", translated_from: "en" });
    await each(id, ["StartTranslation"]);
    expect(await jobOf(id)).toMatchObject({ status: "TRANSLATE_IN_PROGRESS" });
    await each(id, ["CompleteTranslation", { downloadUrl: `/subtitles/${id}/file` }]);
    expect(await jobOf(id)).toMatchObject({ status: "DONE", download_url: `/subtitles/${id}/file` });
  });

  test("shows why a job failed", async () => {
    const id = await newJob();
    await each(id, ["StartDownload"], ["FailJob", { reason: "There is none.", stage: "download" }]);
    expect(await jobOf(id)).toMatchObject({ status: "FAILED", error_message: "There is none.", error_stage: "download" });
  });

  test("is 304 for who has it already, until something happens", async () => {
    const id = await newJob();
    const etag = (await get(`/subtitles/${id}`)).headers.get("etag") as string;
    expect((await get(`/subtitles/${id}`, { "if-none-match": etag })).status).toBe(304);
    await each(id, ["StartDownload"]);
    expect((await get(`/subtitles/${id}`, { "if-none-match": etag })).status).toBe(200);
  });

  test.each(["0190f3a2-0000-7000-8000-000000000000", "nobody", "a%20b", "x".repeat(300), "library"])("is 404 for the unknown job %s", async (id) => {
    for (const path of ["", "/events", "/file"]) {
      if (id === "library" && path !== "") continue;
      expectProblem(await get(`/subtitles/${id}${path}`), 404, "not_found");
    }
  });

  test("is 404 for another tenant's job, and for a stream that is no job", async () => {
    const id = await newJob();
    expectProblem(await get(`/subtitles/${id}`, { "tenant-id": "other-viewer" }), 404);
    expectProblem(await command("nobodys", "StartDownload"), 409, "no_such_job");
    expectProblem(await get("/subtitles/nobodys"), 404);
  });
});

describe("GET /subtitles/{job_id}/events", () => {
  test("tells what happened, the newest first, each with its source", async () => {
    const id = await newJob();
    await each(id, ["StartDownload"], ["RequestTranslation", { fromLanguage: "en" }], ["StartTranslation"], ["CompleteTranslation", { downloadUrl: "/t" }]);
    const { job_id, event_count, events } = ok<JobEvents>(await get(`/subtitles/${id}/events`));
    expect([job_id, event_count]).toEqual([id, 5]);
    expect(events.map(({ event_type, source }) => [event_type, source])).toEqual([
      ["subtitle.translated", "translator"],
      ["subtitle.translate.started", "translator"],
      ["subtitle.translate.requested", "downloader"],
      ["subtitle.download.started", "downloader"],
      ["subtitle.download.requested", "manager"],
    ]);
    expect(events.map(({ payload }) => payload)).toEqual([
      { downloadUrl: "/t" },
      {},
      { fromLanguage: "en" },
      {},
      { videoUrl: wanted.video_url, videoTitle: wanted.video_title, language: "he", preferredSources: ["library"] },
    ]);
    expect(events.map(({ timestamp }) => timestamp)).toEqual(
      events
        .map(({ timestamp }) => timestamp)
        .toSorted()
        .toReversed(),
    );
  });

  test("gives as many as are asked for", async () => {
    const id = await newJob();
    await each(id, ["StartDownload"], ["FailJob", { reason: "none", stage: "download" }]);
    const { event_count, events } = ok<JobEvents>(await get(`/subtitles/${id}/events?limit=2`));
    expect(event_count).toBe(2);
    expect(events.map(({ event_type, source }) => [event_type, source])).toEqual([
      ["job.failed", "downloader"],
      ["subtitle.download.started", "downloader"],
    ]);
    expect(ok<JobEvents>(await get(`/subtitles/${id}/events?limit=1000`)).event_count).toBe(3);
  });

  test.each(["0", "1001", "-1", "x", "1.5", ""])("refuses limit=%s", async (limit) => {
    expectProblem(await get(`/subtitles/${await newJob()}/events?limit=${limit}`), 422, "invalid_input");
  });
});

describe("GET /subtitles/{job_id}/file", () => {
  const keep = async (title: string, language: string): Promise<string> => {
    const path = `/subtitles/library/${encodeURIComponent(title)}/${language}`;
    ok(await send("PUT", path, srt, { "content-type": "application/x-subrip" }));
    return path;
  };

  test("is the library's file that was found, even when that is changed later", async () => {
    const path = await keep("Found, then changed", "he");
    const id = await newJob();
    await each(id, ["StartDownload"], ["CompleteDownload", { downloadUrl: `${path}?version=1`, source: "library" }]);
    ok(await send("PUT", path, srt.replace("Nobody", "Somebody"), { "content-type": "application/x-subrip" }));
    const file = await get(`/subtitles/${id}/file`);
    expect([file.status, file.headers.get("content-type"), file.text]).toEqual([200, "application/x-subrip; charset=utf-8", srt]);
    expect((await get(`/subtitles/${id}/file`, { accept: "text/vtt" })).text).toMatch(/^WEBVTT\n/);
    expectProblem(await get(`/subtitles/${id}/file`, { accept: "image/png" }), 406);
  });

  test("is the file that was made for the job", async () => {
    const id = await newJob();
    await each(
      id,
      ["StartDownload"],
      ["RequestTranslation", { fromLanguage: "en" }],
      ["StartTranslation"],
      ["CompleteTranslation", { downloadUrl: `/subtitles/${id}/file` }],
    );
    expectProblem(await get(`/subtitles/${id}/file`), 404);
    ok(await send("POST", `/v1/aggregates/subtitle_result/${id}/KeepFile`, { language: "he", format: "srt", text: srt }));
    const file = await get(`/subtitles/${id}/file`);
    expect([file.status, file.text, file.headers.get("content-language")]).toEqual([200, srt, "he"]);
    expect((await get(`/subtitles/${id}/file`, { "if-none-match": file.headers.get("etag") as string })).status).toBe(304);
  });

  test("is 404 while there is none, and says where the job stands", async () => {
    const id = await newJob();
    expect(expectProblem(await get(`/subtitles/${id}/file`), 404).detail).toContain("DOWNLOAD_QUEUED");
    await each(id, ["StartDownload"]);
    expect(expectProblem(await get(`/subtitles/${id}/file`), 404).detail).toContain("DOWNLOAD_IN_PROGRESS");
    await each(id, ["FailJob", { reason: "Nobody has it.", stage: "download" }]);
    expect(expectProblem(await get(`/subtitles/${id}/file`), 404).detail).toMatch(/FAILED.*Nobody has it\./);
  });

  test.each(["https://example.com/he.srt", "/subtitles/library/Never%20kept/he", "/v1/streams"])(
    "is 404 where the result is elsewhere: %s",
    async (downloadUrl) => {
      const id = await newJob();
      await each(id, ["StartDownload"], ["CompleteDownload", { downloadUrl, source: "web" }]);
      expect(expectProblem(await get(`/subtitles/${id}/file`), 404).detail).toContain(downloadUrl);
    },
  );
});

test("the view subtitle_jobs has the job as it stands", async () => {
  const id = await newJob();
  await each(id, ["StartDownload"]);
  const last = await command(id, "FailJob", { reason: "none", stage: "download" });
  const { updated_at } = await jobOf(id);
  expect(ok(await get(`/v1/views/subtitle_jobs/${id}`, newerThan(last)))).toMatchObject({
    jobId: id,
    status: "FAILED",
    videoTitle: "The Lighthouse",
    language: "he",
    downloadUrl: null,
    error: "none",
    updatedAt: updated_at,
  });
});
