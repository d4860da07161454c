import { describe, expect, test } from "vitest";
import { membership, membershipEvents } from "../../../../src/domains/platform/index.ts";
import { parseMembershipId } from "../../../../src/domains/platform/membership-id.ts";
import { given } from "../../../../src/testing/index.ts";

const member = { role: "member" };
const admin = { role: "admin" };
const assigned = membershipEvents.RoleAssigned(member);

describe("AssignRole", () => {
  test("gives a role, once", () => {
    given(membership)
      .of("acme:ada")
      .when("AssignRole", member)
      .then(assigned)
      .thenOnce()
      .thenState({ roles: ["member"] });
  });

  test("gives another beside it", () => {
    given(membership, assigned)
      .of("acme:ada")
      .when("AssignRole", admin)
      .then(membershipEvents.RoleAssigned(admin))
      .thenState({ roles: ["member", "admin"] });
  });

  test("gives a role again that was removed", () => {
    given(membership, assigned, membershipEvents.RoleRemoved(member)).of("acme:ada").when("AssignRole", member).then(assigned);
  });

  test.each(["ada", ":ada", "acme:", ":"])("of the id %j, which is not <tenant>:<user>, is rejected", (id) => {
    given(membership).of(id).when("AssignRole", member).thenRejected("no_membership_id");
  });
});

describe("RemoveRole", () => {
  test("takes the role and leaves the others", () => {
    given(membership, assigned, membershipEvents.RoleAssigned(admin))
      .of("acme:ada")
      .when("RemoveRole", member)
      .then(membershipEvents.RoleRemoved(member))
      .thenState({ roles: ["admin"] });
  });

  test("of a role that is not there is rejected, so the second time too", () => {
    given(membership).of("acme:ada").when("RemoveRole", member).thenRejected("no_such_role");
    given(membership, assigned).of("acme:ada").when("RemoveRole", admin).thenRejected("no_such_role");
    given(membership, assigned, membershipEvents.RoleRemoved(member)).of("acme:ada").when("RemoveRole", member).thenRejected("no_such_role");
  });
});

test("a membership's id is the tenant before the first colon and the user behind it", () => {
  expect(parseMembershipId("acme:ada")).toEqual({ tenantId: "acme", userId: "ada" });
  expect(parseMembershipId("acme:oidc:ada")).toEqual({ tenantId: "acme", userId: "oidc:ada" });
});
