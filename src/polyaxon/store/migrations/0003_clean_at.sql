-- When what the runtime keeps of a finished run is to be removed, so that any scheduler of the home finds what is due.
ALTER TABLE runs ADD COLUMN clean_at BIGINT;
CREATE INDEX runs_to_clean ON runs (clean_at) WHERE clean_at IS NOT NULL;
