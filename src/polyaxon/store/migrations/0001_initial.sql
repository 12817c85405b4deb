-- Times are microseconds since 1970 (UTC), mappings and lists JSON text, durations seconds.
-- `sequence` counts within one root: it orders events, conditions and explanations against each other.
-- Words in capitals that are no SQL (SERIAL_KEY, ROW_KEY, CLUSTERED) differ between databases; see `store/migrate.py`.

CREATE TABLE projects (
  uuid        TEXT PRIMARY KEY,
  owner       TEXT NOT NULL,
  name        TEXT NOT NULL,
  description TEXT,
  tags        TEXT NOT NULL,
  created_at  BIGINT NOT NULL,
  updated_at  BIGINT NOT NULL,
  UNIQUE (owner, name)
);

CREATE TABLE runs (
  id           SERIAL_KEY,
  uuid         TEXT NOT NULL UNIQUE,
  project      TEXT NOT NULL,
  name         TEXT,
  kind         TEXT NOT NULL,
  runtime      TEXT,
  status       TEXT NOT NULL,
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL,
  root         TEXT NOT NULL,
  pipeline     TEXT,
  controller   TEXT,
  original     TEXT,
  cloning_kind TEXT,
  position     BIGINT NOT NULL,
  attempt      BIGINT NOT NULL,
  description  TEXT,
  tags         TEXT NOT NULL,
  pending      TEXT,
  managed_by   TEXT NOT NULL,
  username     TEXT,
  started_at   BIGINT,
  finished_at  BIGINT,
  schedule_at  BIGINT,
  wait_time    DOUBLE PRECISION,
  duration     DOUBLE PRECISION,
  inputs       TEXT NOT NULL,
  outputs      TEXT NOT NULL,
  meta         TEXT NOT NULL,
  queue        TEXT,
  namespace    TEXT,
  state        TEXT,
  live_state   BIGINT NOT NULL
);

CREATE INDEX runs_root ON runs (root);
-- The project is there for lists of a pipeline's runs, which name both.
CREATE INDEX runs_pipeline ON runs (pipeline, project) WHERE pipeline IS NOT NULL;
CREATE INDEX runs_created ON runs (project, created_at);
CREATE INDEX runs_updated ON runs (project, updated_at);
CREATE INDEX runs_state ON runs (project, state) WHERE state IS NOT NULL;
-- What a scheduler may take: a managed root that is not final.
CREATE INDEX runs_open ON runs (uuid)
  WHERE uuid = root AND managed_by <> 'user'
    AND status NOT IN ('succeeded', 'failed', 'stopped', 'skipped', 'upstream_failed');

-- The large texts of a run lie apart, so that a status change does not write them again.
CREATE TABLE contents (
  run         ROW_KEY,
  raw_content TEXT,
  content     TEXT
);

CREATE TABLE conditions (
  run      BIGINT NOT NULL,
  sequence BIGINT NOT NULL,
  type     TEXT NOT NULL,
  reason   TEXT NOT NULL,
  message  TEXT NOT NULL,
  at       BIGINT NOT NULL,
  PRIMARY KEY (run, sequence)
) CLUSTERED;

CREATE TABLE explanations (
  run      BIGINT NOT NULL,
  sequence BIGINT NOT NULL,
  topic    TEXT NOT NULL,
  at       BIGINT NOT NULL,
  facts    TEXT NOT NULL,
  PRIMARY KEY (run, sequence)
) CLUSTERED;

CREATE TABLE edges (
  upstream   BIGINT NOT NULL,
  downstream BIGINT NOT NULL,
  kind       TEXT NOT NULL,
  details    TEXT NOT NULL,
  PRIMARY KEY (downstream, upstream, kind)
) CLUSTERED;
CREATE INDEX edges_upstream ON edges (upstream);

CREATE TABLE artifacts (
  run      BIGINT NOT NULL,
  name     TEXT NOT NULL,
  kind     TEXT NOT NULL,
  path     TEXT NOT NULL,
  summary  TEXT NOT NULL,
  is_input BIGINT NOT NULL,
  PRIMARY KEY (run, name, kind)
) CLUSTERED;

CREATE TABLE events (
  root     TEXT NOT NULL,
  sequence BIGINT NOT NULL,
  at       BIGINT NOT NULL,
  body     TEXT NOT NULL,
  PRIMARY KEY (root, sequence)
) CLUSTERED;

-- `token` grows with every change of owner; `sequence` is the last one given out in the root.
CREATE TABLE leases (
  root       TEXT PRIMARY KEY,
  owner      TEXT,
  token      BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  sequence   BIGINT NOT NULL
);
CREATE INDEX leases_owner ON leases (owner) WHERE owner IS NOT NULL;

CREATE TABLE requests (
  id   SERIAL_KEY,
  root TEXT NOT NULL,
  at   BIGINT NOT NULL,
  body TEXT NOT NULL
);
CREATE INDEX requests_root ON requests (root);
