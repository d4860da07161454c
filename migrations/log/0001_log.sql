-- The log: every event of every tenant of this shard, in one order per tenant.
-- Only src/log reads and writes these tables.

-- One row per tenant.
--   position  the last position given out: 1, 2, 3… without a gap
--   epoch     random, made with the first event; cursors carry it, so that one from before a restore is noticed
CREATE TABLE heads (
  tenant TEXT NOT NULL PRIMARY KEY,
  position INTEGER NOT NULL,
  epoch TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One row per stream: the directory, and what the guard compares with.
--   version, hash  of the stream's last event in the log
--   position       of that event
--   created        `recorded` of the first event; updated: of the last
--   forked         null, or why the log takes no more of this stream: its object tells another history than the log
CREATE TABLE streams (
  tenant TEXT NOT NULL,
  stream TEXT NOT NULL,
  version INTEGER NOT NULL,
  hash TEXT NOT NULL,
  position INTEGER NOT NULL,
  created TEXT NOT NULL,
  updated TEXT NOT NULL,
  forked TEXT,
  PRIMARY KEY (tenant, stream)
) STRICT, WITHOUT ROWID;

-- One row per event; the columns are the contract's fields.
--   metadata, cloudevent, data  JSON as it came; data is the text that its hash was made of
CREATE TABLE events (
  tenant TEXT NOT NULL,
  position INTEGER NOT NULL,
  stream TEXT NOT NULL,
  version INTEGER NOT NULL,
  id TEXT NOT NULL,
  type TEXT NOT NULL,
  schema_version INTEGER NOT NULL,
  time TEXT NOT NULL,
  recorded TEXT NOT NULL,
  source TEXT NOT NULL,
  metadata TEXT NOT NULL,
  cloudevent TEXT,
  hash TEXT NOT NULL,
  previous_hash TEXT NOT NULL,
  data_hash TEXT NOT NULL,
  data TEXT NOT NULL,
  PRIMARY KEY (tenant, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX events_by_id ON events (tenant, id);

-- The guard: an event enters only behind its predecessor, by version and by hash, and only at the next position.
-- The predecessor is the row before it (same stream, same batch) or what `streams` says. Any breach rolls back the whole batch,
-- so any number of projectors may try the same events: one wins, the others write nothing.
CREATE TRIGGER events_guard BEFORE INSERT ON events
BEGIN
  SELECT RAISE(ABORT, 'log_guard: the event does not continue its stream')
  WHERE (NEW.version, NEW.previous_hash) IS NOT (
    SELECT version + 1, hash FROM (
      SELECT version, hash, 1 AS choice FROM events
      WHERE tenant = NEW.tenant AND position = NEW.position - 1 AND stream = NEW.stream
      UNION ALL
      SELECT version, hash, 2 FROM streams WHERE tenant = NEW.tenant AND stream = NEW.stream
      UNION ALL
      SELECT 0, 'sha256:0000000000000000000000000000000000000000000000000000000000000000', 3
    ) ORDER BY choice LIMIT 1
  );
  SELECT RAISE(ABORT, 'log_guard: the position leaves a gap')
  WHERE NEW.position <> 1
    AND NOT EXISTS (SELECT 1 FROM events WHERE tenant = NEW.tenant AND position = NEW.position - 1);
END;

-- A stream that forked takes nothing more.
CREATE TRIGGER streams_fork_guard BEFORE UPDATE OF version ON streams
WHEN OLD.forked IS NOT NULL AND NEW.version <> OLD.version
BEGIN
  SELECT RAISE(ABORT, 'log_guard: the stream has forked');
END;
