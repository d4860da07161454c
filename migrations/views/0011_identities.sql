-- The built-in views of the control plane's aggregates, one list beside the other: keys, tenants, issuers. No secret is in them, and no hash of one.
--   view  the list's name
--   id    of the aggregate; a key's is a UUIDv7, so that they stand in the order of their making
--   row   JSON: what anybody who may list them may see
CREATE TABLE identities (
  tenant TEXT NOT NULL,
  view TEXT NOT NULL,
  id TEXT NOT NULL,
  row TEXT NOT NULL,
  PRIMARY KEY (tenant, view, id)
) STRICT, WITHOUT ROWID;
