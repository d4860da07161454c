-- Where a time is in the log: one row per 1,000 positions of a tenant.
--   position  1,000, 2,000, 3,000…
--   latest    the latest `recorded` of all events up to there
-- `recorded` is a stream's own time: it does not grow with the position, for what comes late comes with an old time. The latest up to a
-- position never falls, so it tells exactly where something was recorded at or after a time first. An index over `recorded` would cost a row for each event.
CREATE TABLE times (
  tenant TEXT NOT NULL,
  position INTEGER NOT NULL,
  latest TEXT NOT NULL,
  PRIMARY KEY (tenant, position)
) STRICT, WITHOUT ROWID;

-- The first row of a log that is older than this table takes in all that came before it. What stands at or beyond the position is of a
-- log that was deleted.
CREATE TRIGGER events_times AFTER INSERT ON events
WHEN NEW.position % 1000 = 0
BEGIN
  DELETE FROM times WHERE tenant = NEW.tenant AND position >= NEW.position;
  INSERT INTO times (tenant, position, latest)
  SELECT NEW.tenant, NEW.position, max(latest) FROM (
    SELECT max(recorded) AS latest FROM events
    WHERE tenant = NEW.tenant AND position > coalesce((SELECT max(position) FROM times WHERE tenant = NEW.tenant), 0)
    UNION ALL
    SELECT latest FROM (SELECT latest FROM times WHERE tenant = NEW.tenant ORDER BY position DESC LIMIT 1)
  );
END;
