-- What every commit writes: the rows of runs that changed, and one row of events at the end of those of the root.

-- Counting the runs of a project that are not archived reads this index and nothing else.
DROP INDEX runs_created;
CREATE INDEX runs_created ON runs (project, created_at, live_state);
-- By time of change only runs of their own are listed often; the children of a pipeline change with every commit.
-- Created last: of two indexes that serve as well, SQLite takes the younger.
DROP INDEX runs_updated;
CREATE INDEX runs_updated ON runs (project, updated_at) WHERE pipeline IS NULL;

-- `id` is the number of the root's row times 2^32, plus a number that counts the rows of the root.
CREATE TABLE events_by_number (
  id   ROW_KEY,
  at   BIGINT NOT NULL,
  body TEXT NOT NULL
);
INSERT INTO events_by_number (id, at, body)
  SELECT runs.id * 4294967296 + events.sequence, events.at, events.body
  FROM events JOIN runs ON runs.uuid = events.root ORDER BY 1;
DROP TABLE events;
ALTER TABLE events_by_number RENAME TO events;

-- `token` grows with every change of owner; `number` is that of the root's row.
CREATE TABLE leases_by_number (
  root       TEXT PRIMARY KEY,
  number     BIGINT NOT NULL,
  owner      TEXT,
  token      BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
INSERT INTO leases_by_number (root, number, owner, token, expires_at)
  SELECT leases.root, runs.id, leases.owner, leases.token, leases.expires_at
  FROM leases JOIN runs ON runs.uuid = leases.root;
DROP TABLE leases;
ALTER TABLE leases_by_number RENAME TO leases;
CREATE INDEX leases_owner ON leases (owner) WHERE owner IS NOT NULL;
