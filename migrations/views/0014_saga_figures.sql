-- How a saga's instances stand, added up as they change: whoever asks for figures reads these few rows, however many instances there are.
--   kind  state (key: the state), failures (key: the step), duration (key: the bucket of a duration, see src/sagas/saga-figures.ts)
CREATE TABLE saga_figures (
  tenant TEXT NOT NULL,
  saga TEXT NOT NULL,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (tenant, saga, kind, key)
) STRICT, WITHOUT ROWID;

-- The oldest that has not ended, and the instances in one state.
CREATE INDEX open_sagas ON saga_instances (tenant, saga, (row ->> '$.startedAt')) WHERE state IN ('running', 'compensating', 'stuck');
CREATE INDEX saga_states ON saga_instances (tenant, saga, state, id);
