import { problem } from "./problem.ts";

/** 503: there is a secret to keep, and nothing to seal it with. */
export function noMasterKey(): Response {
  return problem({
    status: 503,
    code: "no_master_key",
    detail: "The deployment has no MASTER_KEY, so it can keep no secrets.",
    headers: { "retry-after": "60" },
  });
}
