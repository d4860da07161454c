import { expect, test } from "vitest";
import { accountEvents, authAuditLog, authenticationEvents, securityEvents } from "../../src/domains/auth/index.ts";

test("whatever is done about an account has a name in the audit log", () => {
  const types = [accountEvents, authenticationEvents, securityEvents].flatMap((events) => [...events.$forms.keys()]);
  const told = types.filter((type) => !type.startsWith("auth.security."));
  expect(
    told.filter((type) => !authAuditLog.on.includes(type)),
    "give it an action in src/domains/auth/handlers/auth-audit-log.ts",
  ).toEqual([]);
  expect(told.length).toBeGreaterThan(10);
});
