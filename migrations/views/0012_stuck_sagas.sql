-- Instances that are stuck stand among the dead letters: whoever lists those looks through these alone.
CREATE INDEX stuck_sagas ON saga_instances (tenant) WHERE state = 'stuck';
