-- Views: what is folded from the log, and how far. Only src/views writes these tables.

-- One row for the views that are live together (view = '*'), and one for each that stands apart.
--   position       the log is folded up to here, in the transaction that wrote the rows
--   from_position  where the last step began; the guard compares it with the row it replaces
--   epoch          of the log that was read; another one stops the view
--   state          live | faulted | stopped (the log is not the one that was counted); error: why
--   version        of the view's code that faulted; 0 for '*'
CREATE TABLE view_cursors (
  tenant TEXT NOT NULL,
  view TEXT NOT NULL,
  version INTEGER NOT NULL,
  from_position INTEGER NOT NULL,
  position INTEGER NOT NULL,
  epoch TEXT NOT NULL,
  state TEXT NOT NULL,
  error TEXT,
  PRIMARY KEY (tenant, view)
) STRICT, WITHOUT ROWID;

-- Two that fold the same events at once: the second one writes nothing. A cursor begins at 0, but one that splits off from the
-- live views ('*') begins where they are. Fires for an upsert too.
CREATE TRIGGER view_cursors_guard BEFORE INSERT ON view_cursors
BEGIN
  SELECT RAISE(ABORT, 'view_guard: the cursor has moved')
  WHERE NEW.from_position <> coalesce(
    (SELECT position FROM view_cursors WHERE tenant = NEW.tenant AND view = NEW.view),
    CASE NEW.view WHEN '*' THEN 0 ELSE NEW.from_position END
  );
END;

-- The built-in view of event types: how often each was seen, since when, in how many streams.
CREATE TABLE event_types (
  tenant TEXT NOT NULL,
  type TEXT NOT NULL,
  count INTEGER NOT NULL,
  streams INTEGER NOT NULL,
  first_seen TEXT NOT NULL,
  last_seen TEXT NOT NULL,
  PRIMARY KEY (tenant, type)
) STRICT, WITHOUT ROWID;

CREATE TABLE event_type_streams (
  tenant TEXT NOT NULL,
  type TEXT NOT NULL,
  stream TEXT NOT NULL,
  PRIMARY KEY (tenant, type, stream)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER event_type_streams_counted AFTER INSERT ON event_type_streams
BEGIN
  UPDATE event_types SET streams = streams + 1 WHERE tenant = NEW.tenant AND type = NEW.type;
END;

-- The built-in view of inbound webhook sources. Secrets are not in it: they stay, sealed, in the source's own stream.
CREATE TABLE sources (
  tenant TEXT NOT NULL,
  source TEXT NOT NULL,
  scheme TEXT NOT NULL,
  created TEXT NOT NULL,
  updated TEXT NOT NULL,
  PRIMARY KEY (tenant, source)
) STRICT, WITHOUT ROWID;
