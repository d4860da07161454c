-- The built-in view of subscriptions: the list of them. Secrets are not in it, and headers neither: they stay, sealed, in the
-- subscription's own stream.
--   id   a UUIDv7, so that they stand in the order of their making
--   row  JSON: the settings that anybody may see, the status, and the times
CREATE TABLE subscriptions (
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,
  row TEXT NOT NULL,
  PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;
