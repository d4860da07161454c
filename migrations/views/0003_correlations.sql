-- The built-in view of correlations: which events belong to one flow. One row per event.
CREATE TABLE correlations (
  tenant TEXT NOT NULL,
  correlation TEXT NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (tenant, correlation, position)
) STRICT, WITHOUT ROWID;
