-- What a purge takes out of the rows of declared views (.decisions/0004-purged-rows.md), and what filters of theirs find rows by.

-- stream  the one that made the row, where a row is of one stream alone under a key of its own making; empty where it is not needed
ALTER TABLE view_rows ADD COLUMN stream TEXT NOT NULL DEFAULT '';

-- One row per row and stream, where several streams make a row: what that stream alone would have made of it.
--   part  JSON, like view_rows.row
CREATE TABLE view_parts (
  scope TEXT NOT NULL,
  view TEXT NOT NULL,
  key TEXT NOT NULL,
  stream TEXT NOT NULL,
  part TEXT NOT NULL,
  PRIMARY KEY (scope, view, key, stream)
) STRICT, WITHOUT ROWID;

-- One row per row and column that its view indexes, where it has a value: what a filter by that column reads.
--   value  as the row has it; a boolean is 0 or 1
CREATE TABLE view_index (
  scope TEXT NOT NULL,
  view TEXT NOT NULL,
  column_name TEXT NOT NULL,
  value ANY NOT NULL,
  key TEXT NOT NULL,
  PRIMARY KEY (scope, view, column_name, value, key)
) STRICT, WITHOUT ROWID;

-- Rows from before are in no index, and do not know which streams made them: they are read, as rows of older code are, until they are built anew.
UPDATE view_generations SET version = 0 WHERE view NOT IN ('event_types', 'correlations', 'sources');
