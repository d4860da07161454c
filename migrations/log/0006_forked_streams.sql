-- Which streams have forked. A row of it is written for those alone.
CREATE INDEX forked_streams ON streams (tenant) WHERE forked IS NOT NULL;
