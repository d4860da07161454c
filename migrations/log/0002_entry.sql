-- entry  random, made when the event came into the log. Positions before it have not changed as long as it is the same: a log that is set
--        back writes what comes again anew. Followers keep it with their position. Empty for events from before this column.
ALTER TABLE events ADD COLUMN entry TEXT NOT NULL DEFAULT '';
