import { expect, test } from "vitest";
import { membership } from "../../../src/domains/platform/index.ts";
import { profile, user, userEvents } from "../../../src/domains/users/index.ts";
import { type Letter, mail, userOnboarding } from "../../../src/flows/index.ts";
import { commandTo, STREAM_PURGED } from "../../../src/kernel/index.ts";
import { localMail } from "../../../src/ports/local-mail.ts";
import { behind, givenSaga, happened } from "../../../src/testing/index.ts";

const registered = (email: string) => happened("user-u1", userEvents.UserRegistered({ email, name: "Ann", registeredAt: "2026-01-01T00:00:00.000Z" }));
const begun = givenSaga(userOnboarding).when(registered("ann@a.example"));
const create = commandTo(profile, "u1", "CreateProfile", { name: "Ann", language: "en" });
const unmake = commandTo(profile, "u1", "RemoveProfile", { reason: "The onboarding was undone." });
const assign = commandTo(membership, "test:u1", "AssignRole", { role: "member" });
const remove = commandTo(membership, "test:u1", "RemoveRole", { role: "member" });
const deactivate = (reason: string) => commandTo(user, "u1", "DeactivateUser", { reason });
const assigned = begun.answers("profile", "done").answers("role", "done");

test("a new user gets a profile, a role and a letter", async () => {
  const letters: [Letter, string][] = [];
  const post = behind(mail, {
    async send(letter, key) {
      letters.push([letter, key]);
      return { ok: true };
    },
  });
  begun.then(create).answers("profile", "done").then(assign);
  assigned.then().thenAsks("welcome");
  assigned
    .answers("welcome", await assigned.asks("welcome", post))
    .thenStatus("completed")
    .thenSteps({ profile: "done", role: "done", welcome: "done" })
    .thenOnce();
  expect(letters).toEqual([[{ to: "ann@a.example", subject: "Welcome", text: "Dear Ann, you are one of us now." }, "test/welcome/1"]]);
});

test("an address that is refused leaves neither a role nor an active user", async () => {
  const refused = givenSaga(userOnboarding).when(registered("ann@refused.example")).answers("profile", "done").answers("role", "done");
  refused
    .answers("welcome", await refused.asks("welcome", behind(mail, localMail)))
    .thenStatus("compensating")
    .then(remove)
    .answers("role", { rejected: "no_such_role" })
    .then(unmake)
    .answers("profile", "done")
    .then(deactivate("Nobody takes mail for ann@refused.example."))
    .answers("(afterwards)", "done")
    .thenStatus("compensated")
    .thenSteps({ profile: "undone", role: "undone", welcome: "undone", "(afterwards)": "undone" })
    .thenOnce();
});

test("a mail that cannot be sent now is sent later, and at last waits for somebody", async () => {
  let tried = assigned;
  for (const pause of [2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000])
    tried = tried
      .answers("welcome", await tried.asks("welcome"))
      .thenAsks()
      .thenWaits(pause)
      .after(pause)
      .thenAsks("welcome");
  const stuck = tried
    .answers("welcome", { failed: "the post is closed" })
    .thenStatus("stuck")
    .thenBecause(/the post is closed/);
  stuck.retried().thenStatus("running").thenAsks("welcome").answers("welcome", "done").thenStatus("completed");
  stuck.skipped("welcomed by phone").thenStatus("completed").thenSteps({ profile: "done", role: "done", welcome: "skipped" });
  stuck
    .cancelled("a mistake")
    .thenStatus("compensating")
    .then(remove)
    .answers("role", "done")
    .then(unmake)
    .answers("profile", "done")
    .answers("(afterwards)", "done")
    .thenStatus("cancelled");
});

test("a user who is deactivated meanwhile keeps neither a profile nor a role, and what nobody could finish is given up", async () => {
  const left = happened("user-u1", userEvents.UserDeactivated({ reason: "moved" }));
  const undone = assigned
    .when(left)
    .thenStatus("compensating")
    .thenBecause(/^The user was deactivated: moved$/)
    .thenAsks("welcome");
  const undoing = undone.answers("welcome", "done").then(remove).answers("role", "done").then(unmake).answers("profile", "done");
  undoing.then(deactivate("The user was deactivated: moved")).answers("(afterwards)", "done").thenStatus("compensated").thenOnce();
  let stuck = assigned;
  for (let tries = 0; tries < 7; tries++) stuck = stuck.answers("welcome", { failed: "the post is closed" }).after(128_000);
  stuck.answers("welcome", { failed: "the post is closed" }).thenStatus("stuck").when(left).thenStatus("compensating").then(remove);
  assigned.answers("welcome", "done").when(left).thenStatus("completed").then().thenOnce();
});

test("a user who is purged meanwhile is not onboarded, and of one whose stream is closed nothing more is wanted", () => {
  assigned
    .when(happened("user-u1", { type: STREAM_PURGED, data: {} }))
    .thenStatus("compensating")
    .answers("welcome", "done")
    .answers("role", "done")
    .answers("profile", "done")
    .then(deactivate("The user was purged."))
    .answers("(afterwards)", { rejected: "stream_closed" })
    .thenStatus("compensated")
    .thenOnce();
});

test("a profile or a role that is refused undoes the rest", () => {
  begun
    .answers("profile", { rejected: "stream_closed" })
    .then(unmake)
    .answers("profile", { rejected: "no_such_profile" })
    .then(deactivate("profile CreateProfile: stream_closed"))
    .answers("(afterwards)", "done")
    .thenStatus("compensated");
  begun.answers("profile", "done").answers("role", { rejected: "no_membership_id" }).then(remove);
  const long = begun.answers("profile", "done").answers("role", { rejected: "invalid_id" });
  long.then(remove).answers("role", { rejected: "invalid_id" }).thenStatus("compensating").then(unmake);
});

test("every input counts once, at every step", () => {
  for (const one of [begun, begun.answers("profile", "done"), assigned, assigned.answers("welcome", "done")]) one.thenOnce();
});
