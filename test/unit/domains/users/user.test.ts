import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { user, userEvents, users, userSummary } from "../../../../src/domains/users/index.ts";
import { given } from "../../../../src/testing/index.ts";
import { anyCommands, expectSameInPages, logOf, pageSizes } from "../commerce/support/laws.ts";

const now = "2026-05-04T03:02:01.000Z";
const ada = { email: "ada@example.com", name: "Ada" };
const registered = userEvents.UserRegistered({ ...ada, registeredAt: now });
const renamed = userEvents.ProfileUpdated({ name: "Ada Lovelace" });
const deactivated = userEvents.UserDeactivated({ reason: "asked for it" });

describe("RegisterUser", () => {
  test("registers a user once, with the time", () => {
    given(user).at(now).when("RegisterUser", ada).then(registered).thenOnce();
  });

  test("takes the address without the blanks around it, and in lower case", () => {
    given(user).at(now).when("RegisterUser", { email: "  Ada@Example.COM ", name: "Ada" }).then(registered).thenOnce();
    given(user, registered).when("RegisterUser", { email: "ADA@example.com", name: "Ada" }).then();
  });

  test("again with the same data decides nothing, whatever became of the user", () => {
    given(user, registered, renamed, deactivated).when("RegisterUser", ada).then();
  });

  test("again with other data is refused", () => {
    given(user, registered)
      .when("RegisterUser", { ...ada, name: "Grace" })
      .thenRejected("already_registered");
    given(user, registered)
      .when("RegisterUser", { ...ada, email: "grace@example.com" })
      .thenRejected("already_registered");
    given(user, registered, renamed)
      .when("RegisterUser", { ...ada, name: "Ada Lovelace" })
      .thenRejected("already_registered");
  });

  test.each([
    { email: "" },
    { email: "ada" },
    { email: "ada@" },
    { email: "a b@example.com" },
    { email: `${"a".repeat(250)}@example.com` },
    { name: "" },
    { name: "x".repeat(201) },
  ])("is of somebody with a name and an address, not of %o", (unsound) => {
    expect(user.commands["RegisterUser"]?.safeParse({ ...ada, ...unsound }).success).toBe(false);
  });
});

describe("an e-mail address", () => {
  const claim = { scope: "users/email", value: "ada@example.com" };
  const command = { name: "RegisterUser", data: ada };
  const after = (...facts: readonly (typeof registered | typeof renamed | typeof deactivated)[]) =>
    facts.reduce((state, fact) => user.evolve(state, fact), user.initialState());

  test("is wanted by who registers, and held by the user until deactivated", () => {
    expect(user.wants(command, after())).toEqual([claim]);
    expect(user.holds(after())).toEqual([]);
    expect(user.holds(after(registered, renamed))).toEqual([claim]);
    expect(user.holds(after(registered, deactivated))).toEqual([]);
  });

  test("is not wanted again by a registration that is repeated", () => {
    expect(user.wants(command, after(registered))).toEqual([]);
    expect(user.wants(command, after(registered, deactivated))).toEqual([]);
  });

  test("that came past the decider in another case is the same", () => {
    expect(user.holds(after({ ...registered, data: { ...registered.data, email: "Ada@Example.com" } }))).toEqual([claim]);
  });

  test("that another user has is a user registered already", () => {
    expect(user.taken).toMatchObject({ code: "already_registered" });
  });
});

describe("UpdateProfile", () => {
  test("takes in what is new, and only that, once", () => {
    given(user, registered)
      .when("UpdateProfile", { name: "Ada", bio: "Wrote the first program.", language: "en-GB" })
      .then(userEvents.ProfileUpdated({ bio: "Wrote the first program.", language: "en-GB" }))
      .thenState({ status: "active", ...ada, registeredName: "Ada", registeredAt: now, bio: "Wrote the first program.", language: "en-GB" })
      .thenOnce();
    given(user, registered).when("UpdateProfile", { name: "Ada Lovelace" }).then(renamed).thenOnce();
  });

  test("can empty the bio", () => {
    given(user, registered, userEvents.ProfileUpdated({ bio: "x" }))
      .when("UpdateProfile", { bio: "" })
      .then(userEvents.ProfileUpdated({ bio: "" }))
      .thenOnce();
  });

  test("with nothing new decides nothing", () => {
    given(user, registered).when("UpdateProfile", {}).then();
    given(user, registered).when("UpdateProfile", { name: "Ada", bio: "" }).then();
    given(user, registered, deactivated).when("UpdateProfile", { name: "Ada" }).then();
  });

  test("of a user who is not there, or deactivated, is refused", () => {
    given(user).when("UpdateProfile", {}).thenRejected("no_such_user");
    given(user, registered, deactivated).when("UpdateProfile", { name: "Grace" }).thenRejected("deactivated");
  });

  test.each([{ name: "" }, { bio: "x".repeat(5_001) }, { language: "" }, { language: "e" }, { language: "en_GB" }, { language: null }])(
    "is of a sound profile, not of %o",
    (unsound) => {
      expect(user.commands["UpdateProfile"]?.safeParse(unsound).success).toBe(false);
    },
  );
});

describe("DeactivateUser", () => {
  test("deactivates a user once, for whatever reason it is said again", () => {
    given(user, registered).when("DeactivateUser", { reason: "asked for it" }).then(deactivated).thenOnce();
    given(user, registered, deactivated).when("DeactivateUser", { reason: "another" }).then();
  });

  test("of a user who is not there is refused", () => {
    given(user).when("DeactivateUser", { reason: "asked for it" }).thenRejected("no_such_user");
  });
});

test("a user shows everything but the name of the registration", () => {
  const state = [registered, renamed].reduce((state, fact) => user.evolve(state, fact), user.initialState());
  expect(user.show(state)).toEqual({ status: "active", email: "ada@example.com", name: "Ada Lovelace", bio: "", registeredAt: now });
});

const word = fc.constantFrom("a", "b");
const commands = anyCommands(user, ["u1", "u2"], {
  RegisterUser: fc.record({ email: fc.constantFrom("a@example.com", " A@example.com", "b@example.com"), name: word }),
  UpdateProfile: fc.record({ name: word, bio: fc.constantFrom("", "a"), language: fc.constantFrom("en", "pt-BR") }, { requiredKeys: [] }),
  DeactivateUser: fc.record({ reason: word }),
});

test("whatever is sent, in whatever state, the user answers, keeps to its schemas, and decides the same command once", () => {
  fc.assert(fc.property(fc.array(commands, { maxLength: 40 }), (sent) => void logOf(sent)));
});

test("the view user_summary has the same rows in pages of any size", () => {
  fc.assert(fc.property(fc.array(commands, { maxLength: 40 }), pageSizes, (sent, sizes) => expectSameInPages(userSummary, logOf(sent), sizes)));
});

test("the module has its category, commands, events and view under the names that clients use", () => {
  expect(users.deciders.map(({ category, commands, forms }) => [category, Object.keys(commands), [...forms.keys()]])).toEqual([
    ["user", ["RegisterUser", "UpdateProfile", "DeactivateUser"], ["users.UserRegistered", "users.ProfileUpdated", "users.UserDeactivated"]],
    ["profile", ["CreateProfile", "RemoveProfile"], ["users.ProfileCreated", "users.ProfileRemoved"]],
  ]);
  expect(users.projections.map(({ name, key, search }) => [name, key, search])).toEqual([["user_summary", "userId", ["name", "email", "bio"]]]);
});
