-- entry  of the log's event at the cursor's position: what the log wrote beside it when it came in. A log that was set back and has grown
--        again is noticed, though its epoch is the same, and even where the same event stands there again.
--        Empty for a cursor from before this column; its next step writes it.
ALTER TABLE view_cursors ADD COLUMN entry TEXT NOT NULL DEFAULT '';
