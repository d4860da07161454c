import { env } from "./engine.ts";

/** Sets the log back to a position, as a restored database would be: the epoch is the same, and so is what came before. */
export async function setLogBack(tenant: string, position: number): Promise<void> {
  const { LOG_0: log } = env;
  await log.batch([
    log.prepare("DELETE FROM events WHERE tenant = ? AND position > ?").bind(tenant, position),
    log.prepare("DELETE FROM streams WHERE tenant = ?1 AND stream NOT IN (SELECT stream FROM events WHERE tenant = ?1)").bind(tenant),
    log
      .prepare(
        `UPDATE streams SET (version, hash, position) = (SELECT version, hash, position FROM events
           WHERE events.tenant = streams.tenant AND events.stream = streams.stream ORDER BY position DESC LIMIT 1) WHERE tenant = ?`,
      )
      .bind(tenant),
    log.prepare("UPDATE heads SET position = ?2 WHERE tenant = ?1").bind(tenant, position),
  ]);
}
