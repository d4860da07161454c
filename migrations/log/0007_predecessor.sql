-- The guard as before, told apart by whether the row before an event is its predecessor: most events follow one of the same append or
-- batch, and nothing else is looked up for those. (Two events at positions that follow each other leave no gap between them.)
-- The former goes after this one has come: at no moment is the log without a guard, and the file may be run again.
CREATE TRIGGER IF NOT EXISTS events_predecessor BEFORE INSERT ON events
WHEN NOT EXISTS (
  SELECT 1 FROM events
  WHERE tenant = NEW.tenant AND position = NEW.position - 1 AND stream = NEW.stream AND version = NEW.version - 1 AND hash = NEW.previous_hash
)
BEGIN
  SELECT RAISE(ABORT, 'log_guard: the event does not continue its stream')
  WHERE EXISTS (SELECT 1 FROM events WHERE tenant = NEW.tenant AND position = NEW.position - 1 AND stream = NEW.stream)
    OR (NEW.version, NEW.previous_hash) IS NOT (
      SELECT version + 1, hash FROM (
        SELECT version, hash, 1 AS choice FROM streams WHERE tenant = NEW.tenant AND stream = NEW.stream
        UNION ALL
        SELECT 0, 'sha256:0000000000000000000000000000000000000000000000000000000000000000', 2
      ) ORDER BY choice LIMIT 1
    );
  SELECT RAISE(ABORT, 'log_guard: the position leaves a gap')
  WHERE NEW.position <> 1
    AND NOT EXISTS (SELECT 1 FROM events WHERE tenant = NEW.tenant AND position = NEW.position - 1);
END;

DROP TRIGGER IF EXISTS events_guard;
