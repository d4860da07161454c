import { applyD1Migrations, type D1Migration } from "cloudflare:test";
import { env } from "cloudflare:workers";

const { LOG_0, VIEWS_0, TELEMETRY, LOG_MIGRATIONS, VIEWS_MIGRATIONS, TELEMETRY_MIGRATIONS } = env as unknown as {
  LOG_0: D1Database;
  VIEWS_0: D1Database;
  TELEMETRY: D1Database;
  LOG_MIGRATIONS: D1Migration[];
  VIEWS_MIGRATIONS: D1Migration[];
  TELEMETRY_MIGRATIONS: D1Migration[];
};
await applyD1Migrations(LOG_0, LOG_MIGRATIONS);
await applyD1Migrations(VIEWS_0, VIEWS_MIGRATIONS);
await applyD1Migrations(TELEMETRY, TELEMETRY_MIGRATIONS);
