import type { Module, View } from "./kernel/index.ts";
import type { ShardBindings, ShardOf } from "./log/shard.ts";
import type { MetricsEnv } from "./metrics-composed.ts";
import type { TracingBindings } from "./tracing-composed.ts";

/** The worker's bindings and variables; wrangler.toml and `npm start` provide them. */
export interface Env extends MetricsEnv, ShardBindings, TracingBindings {
  readonly ADMIN_KEY?: string;
  readonly MASTER_KEY?: string;
  /** Those before it, parted by spaces: what they have sealed still opens. */
  readonly MASTER_KEY_OLD?: string;
  readonly VERSION?: { readonly id: string };
  readonly ALLOW_LOCAL_TARGETS?: string;
  /** A LibreTranslate server, and its key where it wants one; without it the local translator marks texts with their language. */
  readonly TRANSLATOR_URL?: string;
  readonly TRANSLATOR_KEY?: string;
  /** Services over HTTP, and their keys; without them the local ones stand in, and nobody processes videos. */
  readonly PAYMENTS_URL?: string;
  readonly PAYMENTS_KEY?: string;
  readonly MAIL_URL?: string;
  readonly MAIL_KEY?: string;
  readonly VIDEO_PROCESSOR_URL?: string;
  readonly VIDEO_PROCESSOR_KEY?: string;
  /** Milliseconds between two evaluations of alert rules, 15,000 where left out. */
  readonly ALERT_EVERY_MS?: string;
  /** What of the requests is logged: off, error, warn or info. */
  readonly LOG_LEVEL?: string;
}

/** What a test may put in the place of the real thing. */
export interface Overrides {
  readonly shards?: (env: Env) => ShardOf;
  readonly views?: readonly View[];
  readonly modules?: readonly Module[];
  readonly now?: () => number;
  /** What sinks are reached with. */
  readonly fetch?: typeof fetch;
  /** What stands behind the ports of handlers. */
  readonly port?: (tenant: string, name: string) => unknown;
  /** How long (milliseconds) there is at least between two messages of one stream. */
  readonly sendsApart?: number;
}
