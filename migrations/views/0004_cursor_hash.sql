-- hash  of the log's event at the cursor's position: a log that was set back and has grown again is noticed, though its epoch is the same.
--       Empty for a cursor from before this column; its next step writes it.
ALTER TABLE view_cursors ADD COLUMN hash TEXT NOT NULL DEFAULT '';
