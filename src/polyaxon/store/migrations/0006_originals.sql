-- What may be reused is found by its key; what was itself served from the cache never is, and there is more of it with
-- every time that the same is run again.
DROP INDEX runs_state;
CREATE INDEX runs_state ON runs (project, state) WHERE state IS NOT NULL AND COALESCE(cloning_kind, '') <> 'cache';
