import { join } from "node:path";

/** The folder that the platform's source is in, wherever it was cloned to. */
export const ROOT = join(import.meta.dirname, "../..");

/** The file that a developer's secrets are kept in; wrangler reads it too, git does not. */
export const SECRETS_FILE = join(ROOT, ".dev.vars");

/** The one description of the bindings. */
export const CONFIG_FILE = join(ROOT, "wrangler.toml");
