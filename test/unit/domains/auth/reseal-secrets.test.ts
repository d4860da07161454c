import { describe, expect, test } from "vitest";
import { account, accountEvents } from "../../../../src/domains/auth/index.ts";
import { given } from "../../../../src/testing/index.ts";
import { fakePorts } from "./fake-ports.ts";
import { confirmed, enrolled, NOW, registered } from "./history.ts";
import { accountWith } from "./told.ts";

describe("ResealSecrets", () => {
  const of = (mfa: string | undefined, enrolling: string | undefined) => ({ mfa, enrolling });
  const both = [registered, enrolled("sealed-1"), confirmed(7), enrolled("sealed-2")] as const;

  test("keeps what is sealed anew, the one that is asked for and the one that waits for its first code", () => {
    given(account, ...both)
      .when("ResealSecrets", {}, of("sealed-3", "sealed-4"))
      .then(accountEvents.SecretsResealed({ mfa: "sealed-3", enrolling: "sealed-4", at: NOW }));
    given(account, ...both)
      .when("ResealSecrets", {}, of("sealed-3", "sealed-2"))
      .then(accountEvents.SecretsResealed({ mfa: "sealed-3", at: NOW }));
  });

  test("decides nothing where nothing is sealed, or all of it under the present key", () => {
    given(account, ...both)
      .when("ResealSecrets", {}, of("sealed-1", "sealed-2"))
      .then();
    given(account, registered).when("ResealSecrets", {}, of(undefined, undefined)).then();
    given(account).when("ResealSecrets", {}, of(undefined, undefined)).then();
  });

  test("changes nothing where one of them opens no more", () => {
    given(account, ...both)
      .when("ResealSecrets", {}, of(undefined, "sealed-4"))
      .thenRejected("secret_unopened");
  });

  test("leaves the second factor as it is: the same secret, the last code still used", async () => {
    const tell = accountWith(fakePorts());
    await tell("Register", { email: "ada@example.com", password: "correct horse battery" }, NOW);
    await tell("EnrolMfa", {}, NOW);
    const { events, shown } = await tell("ResealSecrets", {}, NOW);
    expect([events.map(({ type }) => type), shown]).toMatchObject([["auth.SecretsResealed"], { mfa: "enrolled" }]);
  });
});
