-- What telemetry shows of traces. Nothing of it is needed for anything else: it may be emptied at any time.
-- Only src/tracing reads and writes these tables.

-- One row per hop: what one invocation did of one trace.
--   hop          its own span's id; parent: the span it was called from, null where there is none
--   remote       1 where that parent is a caller's of the platform, so that it is nowhere here
--   start        milliseconds since 1970; duration: milliseconds
--   is_error     1 where any of its spans failed
--   size         spans in it; spans: they, as JSON
CREATE TABLE hops (
  tenant TEXT NOT NULL,
  trace TEXT NOT NULL,
  hop TEXT NOT NULL,
  parent TEXT,
  remote INTEGER NOT NULL,
  service TEXT NOT NULL,
  name TEXT NOT NULL,
  start INTEGER NOT NULL,
  duration INTEGER NOT NULL,
  is_error INTEGER NOT NULL,
  correlation TEXT,
  size INTEGER NOT NULL,
  spans TEXT NOT NULL,
  PRIMARY KEY (tenant, trace, hop)
) STRICT, WITHOUT ROWID;

CREATE INDEX hops_by_start ON hops (tenant, start);

-- One row per trace: what a list shows. Of the hop that began first: service, name, correlation.
CREATE TABLE traces (
  tenant TEXT NOT NULL,
  trace TEXT NOT NULL,
  start INTEGER NOT NULL,
  "end" INTEGER NOT NULL,
  is_error INTEGER NOT NULL,
  service TEXT NOT NULL,
  name TEXT NOT NULL,
  correlation TEXT,
  PRIMARY KEY (tenant, trace)
) STRICT, WITHOUT ROWID;

CREATE INDEX traces_by_start ON traces (tenant, start);

-- How many of a tenant's new traces are kept, from 0 to 1, where it is not the deployment's rate; -1 where the tenant was deleted, and
-- nothing is kept of it any more.
CREATE TABLE trace_rates (
  tenant TEXT NOT NULL PRIMARY KEY,
  rate REAL NOT NULL
) STRICT, WITHOUT ROWID;
