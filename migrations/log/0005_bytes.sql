-- bytes  of the data and metadata of all events that the tenant's log has taken; what is purged or truncated later is not taken off. It
--        stands in a row that every commit writes anyway.
ALTER TABLE heads ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;

UPDATE heads SET bytes = coalesce(
  (SELECT sum(length(CAST(data AS BLOB)) + length(CAST(metadata AS BLOB))) FROM events WHERE events.tenant = heads.tenant), 0
);
