-- What a cache key is the digest of, so that a miss can be explained by what differed.
ALTER TABLE contents ADD COLUMN cache_parts TEXT;
