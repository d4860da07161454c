-- The built-in view of sagas: a row for each instance.
--   state     running, completed, compensating, compensated, stuck or cancelled
--   row       JSON: its times, the step it is at, why it is there, and the failed attempts of each step
CREATE TABLE saga_instances (
  tenant TEXT NOT NULL,
  saga TEXT NOT NULL,
  id TEXT NOT NULL,
  state TEXT NOT NULL,
  row TEXT NOT NULL,
  PRIMARY KEY (tenant, saga, id)
) STRICT, WITHOUT ROWID;
