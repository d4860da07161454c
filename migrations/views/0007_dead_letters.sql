-- Dead letters, for those who ask which there are. The truth is the follower's own lane; only src/followers writes this table.
--   subscription  the follower: a subscription's id, or `handler:` and the handler's name
--   position      of the event in the log
--   event         JSON: the event as the API gives it
--   attempts      JSON: every attempt there was, the oldest first
--   parked_at     RFC 3339 UTC with milliseconds; a letter that is redriven in vain is parked anew
CREATE TABLE dead_letters (
  tenant TEXT NOT NULL,
  subscription TEXT NOT NULL,
  position INTEGER NOT NULL,
  stream TEXT NOT NULL,
  type TEXT NOT NULL,
  event TEXT NOT NULL,
  attempts TEXT NOT NULL,
  parked_at TEXT NOT NULL,
  PRIMARY KEY (tenant, subscription, position)
) STRICT, WITHOUT ROWID;

-- The order of the list. What is left of the primary key stands in it by itself.
CREATE INDEX dead_letters_by_time ON dead_letters (tenant, parked_at);
