import { expect, test } from "vitest";
import { DEFAULT_TENANT, TENANT_PATTERN } from "../../src/kernel/index.ts";

test.each(["ab", "a1", "a-", "acme", "acme-eu-1", `a${"b".repeat(62)}`, DEFAULT_TENANT])("%s is a tenant's id", (id) => {
  expect(id).toMatch(TENANT_PATTERN);
});

test.each(["", "a", "A1", "aB", "1a", "-a", "a_b", "a.b", "a b", "a/b", "é1", "aé", "ab\n", " ab", "ab ", `a${"b".repeat(63)}`])("%j is none", (id) => {
  expect(id).not.toMatch(TENANT_PATTERN);
});
