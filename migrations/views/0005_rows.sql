-- The rows of declared views, and their generations: a rebuild fills a generation beside the one that is read, and switches.

-- One row per row of a declared view.
--   scope  the tenant; from generation 1 on with `#<generation>` behind it, which is no tenant's name
--   row    JSON: the columns by name, the key among them
CREATE TABLE view_rows (
  scope TEXT NOT NULL,
  view TEXT NOT NULL,
  key TEXT NOT NULL,
  row TEXT NOT NULL,
  PRIMARY KEY (scope, view, key)
) STRICT, WITHOUT ROWID;

-- Full-text search over rows. `scope` is one word that stands for scope and view, so that a search never meets another tenant's rows.
CREATE TABLE view_search_keys (
  id INTEGER PRIMARY KEY,
  scope TEXT NOT NULL,
  view TEXT NOT NULL,
  key TEXT NOT NULL,
  UNIQUE (scope, view, key)
) STRICT;
CREATE VIRTUAL TABLE view_search USING fts5 (scope, text, tokenize = "unicode61 remove_diacritics 2");

-- One row per generation of a tenant's view.
--   version   of the view's code that fills it
--   state     live: read, and moved by the shared cursor; frozen: read, but its code is gone; building: filled by a cursor of its own,
--             named `<view>#<generation>`; old: was read before, kept as the way back; discarding: its rows are being deleted
--   purpose   of a build: catch-up | rebuild | compare | rollback
--   position  where it stood when it stopped being moved; entry: of the event there
--   target    of a build: the log's head when it began; started: when (RFC 3339)
--   report    of a comparison: what differed, as JSON
CREATE TABLE view_generations (
  tenant TEXT NOT NULL,
  view TEXT NOT NULL,
  generation INTEGER NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  purpose TEXT NOT NULL DEFAULT '',
  position INTEGER NOT NULL DEFAULT 0,
  entry TEXT NOT NULL DEFAULT '',
  target INTEGER NOT NULL DEFAULT 0,
  started TEXT NOT NULL DEFAULT '',
  report TEXT,
  PRIMARY KEY (tenant, view, generation)
) STRICT, WITHOUT ROWID;

-- The views that were there before generations: their rows are generation 0.
INSERT INTO view_generations (tenant, view, generation, version, state)
SELECT tenant, value, 0, 1, 'live' FROM view_cursors, json_each('["event_types","correlations","sources"]') WHERE view_cursors.view = '*';

-- Who moves the shared cursor must know which generations it moves: `members` counts the changes of that set.
ALTER TABLE view_cursors ADD COLUMN members INTEGER NOT NULL DEFAULT 0;
ALTER TABLE view_cursors ADD COLUMN from_members INTEGER NOT NULL DEFAULT 0;
DROP TRIGGER view_cursors_guard;
CREATE TRIGGER view_cursors_guard BEFORE INSERT ON view_cursors
BEGIN
  SELECT RAISE(ABORT, 'view_guard: the cursor has moved')
  WHERE NEW.from_position <> coalesce(
      (SELECT position FROM view_cursors WHERE tenant = NEW.tenant AND view = NEW.view),
      CASE NEW.view WHEN '*' THEN 0 ELSE NEW.from_position END
    )
    OR NEW.from_members <> coalesce((SELECT members FROM view_cursors WHERE tenant = NEW.tenant AND view = NEW.view), 0);
  -- A step that comes late, after its generation was switched to, must not begin it anew.
  SELECT RAISE(ABORT, 'view_guard: nothing is being built there')
  WHERE instr(NEW.view, '#') > 0
    AND NOT EXISTS (
      SELECT 1 FROM view_generations
      WHERE tenant = NEW.tenant AND view = substr(NEW.view, 1, instr(NEW.view, '#') - 1)
        AND generation = CAST(substr(NEW.view, instr(NEW.view, '#') + 1) AS INTEGER) AND state = 'building'
    );
END;
