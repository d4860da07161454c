import { beforeAll, describe, expect, test } from "vitest";
import { eventsOf, expectProblem, get, newerThan, ok, send } from "../support/http.ts";
import { command, decided, each, rowAfter, rowsOf, typesOf } from "./commands.ts";

describe("platform", () => {
  test("a tenant is created, changed, suspended and resumed, and its row goes with it", async () => {
    await each("tenant/shop", [
      ["CreateTenant", { name: "Shop", plan: "small" }],
      ["ChangePlan", { plan: "large" }],
    ]);
    const suspended = await command("tenant/shop/SuspendTenant", { reason: "unpaid" });
    expect(await rowAfter("tenants/shop", suspended)).toMatchObject({ name: "Shop", plan: "large", status: "suspended", locations: [], flags: {} });
    const last = await each("tenant/shop", [
      ["ResumeTenant"],
      ["AddLocation", { locationId: "l1", name: "Here" }],
      ["SetFeatureFlag", { flag: "beta", enabled: true }],
    ]);
    expect(await rowAfter("tenants/shop", last)).toMatchObject({ status: "active", locations: [{ locationId: "l1", name: "Here" }], flags: { beta: true } });
    const names = ["TenantCreated", "PlanChanged", "TenantSuspended", "TenantResumed", "LocationAdded", "FeatureFlagSet"];
    expect((await eventsOf("tenant-shop")).map(({ type }) => type)).toEqual(names.map((name) => `platform.${name}`));
    expect(await rowsOf("tenants?status=active&plan=large")).toHaveLength(1);
  });

  test("roles are assigned and removed, and one that is not there is no_such_role", async () => {
    const assigned = await command("membership/store:ann/AssignRole", { role: "clerk" });
    expect(await rowAfter("memberships/store%3Aann", assigned)).toMatchObject({ tenantId: "store", userId: "ann", roles: ["clerk"] });
    expectProblem(await command("membership/store:ann/RemoveRole", { role: "buyer" }), 409, "no_such_role");
    expect(typesOf(await decided("membership/store:ann/RemoveRole", { role: "clerk" }))).toEqual(["platform.RoleRemoved"]);
    expectProblem(await command("membership/store:ann/RemoveRole", { role: "clerk" }), 409, "no_such_role");
  });

  test("what a tenant uses is counted by the day", async () => {
    await each("tenant/used", [["CreateTenant", { name: "Used", plan: "small" }]]);
    for (const user of ["a", "b"]) await decided(`membership/used:${user}/AssignRole`, { role: "clerk" });
    const last = await command("membership/used:a/AssignRole", { role: "buyer" });
    await get("/v1/views/usage", newerThan(last));
    for (let turn = 0; turn < 100 && (await counted()).events < 4; turn++) await scheduler.wait(50);
    expect(await counted()).toEqual({ commands: 4, events: 4, users: 2 });
  });
});

/** Over all days, should midnight come between. */
async function counted(): Promise<Record<"commands" | "events" | "users", number>> {
  const rows = await rowsOf("usage?tenantId=used");
  const sum = (column: string): number => rows.reduce((total, row) => total + Number(row[column]), 0);
  return { commands: sum("commands"), events: sum("events"), users: sum("users") };
}

describe("users", () => {
  test("a user registers, changes the profile and is deactivated, and the row goes with it", async () => {
    const registered = await command("user/ann/RegisterUser", { email: "Ann@A.example", name: "Ann" });
    expect(await rowAfter("user_summary/ann", registered)).toMatchObject({ userId: "ann", email: "ann@a.example", name: "Ann", bio: "", status: "active" });
    const updated = await command("user/ann/UpdateProfile", { bio: "Keeps a lighthouse", language: "pt-BR" });
    expect(updated.json()).toMatchObject({ events: [{ type: "users.ProfileUpdated", data: { bio: "Keeps a lighthouse", language: "pt-BR" } }] });
    expect(await rowAfter("user_summary/ann", updated)).toMatchObject({ name: "Ann", bio: "Keeps a lighthouse" });
    expectProblem(await command("user/ann/RegisterUser", { email: "else@a.example", name: "Ann" }), 409, "already_registered");
    const gone = await command("user/ann/DeactivateUser", { reason: "moved" });
    expect(await rowAfter("user_summary/ann", gone)).toMatchObject({ status: "deactivated" });
    expectProblem(await command("user/nobody/UpdateProfile", { name: "N" }), 409, "no_such_user");
  });

  test("a user's id is short enough to stand in the id of a membership, in whatever tenant", async () => {
    const register = (id: string, headers = {}) => command(`user/${id}/RegisterUser`, { email: `${id.slice(0, 40)}@a.example`, name: "L" }, headers);
    const refused = expectProblem(await register("l".repeat(193)), 422, "invalid_input");
    expect(refused.errors).toEqual([{ path: "id", message: "Expected at most 192 characters, got 193" }]);
    ok(await register("l".repeat(192)));
    const tenant = { "tenant-id": "long-ids-of-users" };
    expectProblem(await register("l".repeat(183), tenant), 422, "invalid_input");
    ok(await register("l".repeat(182), tenant));
    // What is there already, as after an import, is changed and closed all the same.
    expectProblem(await command(`user/${"l".repeat(200)}/DeactivateUser`, { reason: "moved" }), 409, "no_such_user");
    ok(await command(`membership/default:${"l".repeat(192)}/AssignRole`, { role: "clerk" }));
  });
});

describe("video", () => {
  const videoUrl = "https://example.com/a.mp4";

  test("a job is requested, started, reported on and completed, and its row goes with it", async () => {
    await each("video/v1", [
      ["RequestProcessing", { videoUrl }],
      ["StartProcessing", { processor: "p1" }],
    ]);
    const reported = await command("video/v1/ReportProgress", { percent: 40, stage: "cut" });
    expect(await rowAfter("video_jobs/v1", reported)).toMatchObject({ status: "processing", percent: 40, stage: "cut", processor: "p1" });
    expectProblem(await command("video/v1/ReportProgress", { percent: 39, stage: "cut" }), 409, "backwards");
    const outputs = [{ url: "https://example.com/out.mp4", kind: "video" }];
    const completed = await command("video/v1/CompleteProcessing", { outputs });
    expect(await rowAfter("video_jobs/v1", completed)).toMatchObject({ status: "completed", percent: 100, outputs });
    expect(typesOf(completed.json())).toEqual(["video.ProcessingCompleted"]);
    expectProblem(await command("video/v1/FailProcessing", { reason: "late" }), 409);
    await each("video/v2", [["RequestProcessing", { videoUrl, options: { speed: 2, hd: true } }]]);
    const failed = await command("video/v2/FailProcessing", { reason: "no sound" });
    expect(await rowAfter("video_jobs/v2", failed)).toMatchObject({ status: "failed", error: "no sound" });
  });

  test("a batch counts what became of its jobs, each once, and is completed with the last", async () => {
    const started = await decided<{ jobs: readonly { jobId: string }[] }>("batch/b1/StartBatch", { videoUrls: [videoUrl, videoUrl, videoUrl] });
    const [first, second, third] = started.state.jobs.map(({ jobId }) => jobId);
    const record = (jobId: string | undefined, ok: boolean) => command("batch/b1/RecordOutcome", { jobId, ok });
    expect(await rowAfter("video_batches/b1", await record(first, true))).toMatchObject({ total: 3, done: 1, failed: 0, percent: 33, status: "running" });
    expect((await record(first, false)).json()).toMatchObject({ events: [] });
    await record(second, false);
    const last = await record(third, true);
    expect(typesOf(last.json())).toEqual(["video.BatchOutcomeRecorded", "video.BatchCompleted"]);
    expect(await rowAfter("video_batches/b1", last)).toMatchObject({ total: 3, done: 2, failed: 1, percent: 100, status: "completed" });
    expectProblem(await record("b1:9", true), 409, "no_such_job");
  });
});

describe("subtitles", () => {
  // The workers would go on by themselves with what is done by hand here.
  beforeAll(async () => {
    for (const worker of ["subtitle-downloader", "subtitle-translator"]) ok(await send("POST", `/v1/handlers/${worker}/pause`));
  });

  const wanted = { videoUrl: "https://example.com/a.mp4", videoTitle: "A", language: "he", preferredSources: [] };
  const first = [["RequestDownload", wanted], ["StartDownload"]] as const;

  test("by commands a job is found, translated or failed; events have their own types, and name who worked", async () => {
    const found = await each("subtitle/found", [...first, ["CompleteDownload", { downloadUrl: "/x", source: "library" }]]);
    expect(await rowAfter("subtitle_jobs/found", found)).toMatchObject({ jobId: "found", status: "DONE", language: "he", downloadUrl: "/x", error: null });
    const translated = await each("subtitle/other", [
      ...first,
      ["RequestTranslation", { fromLanguage: "en" }],
      ["StartTranslation"],
      ["CompleteTranslation", { downloadUrl: "/y" }],
    ]);
    expect(await rowAfter("subtitle_jobs/other", translated)).toMatchObject({ status: "DONE", downloadUrl: "/y" });
    const failed = await each("subtitle/failed", [
      ["RequestDownload", wanted],
      ["FailJob", { reason: "none found", stage: "download" }],
    ]);
    expect(await rowAfter("subtitle_jobs/failed", failed)).toMatchObject({ status: "FAILED", error: "none found" });
    const worked = async (id: string) => (await eventsOf(`subtitle-${id}`)).map(({ type, source }) => `${type} ${source}`);
    expect(
      [...(await worked("found")), ...(await worked("other")), ...(await worked("failed"))].filter((line, index, all) => all.indexOf(line) === index),
    ).toEqual([
      "subtitle.download.requested manager",
      "subtitle.download.started downloader",
      "subtitle.ready downloader",
      "subtitle.translate.requested downloader",
      "subtitle.translate.started translator",
      "subtitle.translated translator",
      "job.failed manager",
    ]);
  });
});
