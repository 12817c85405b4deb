-- The status history lies in the run's row, which every status change writes anyway: one line per condition, each the
-- JSON list [type, reason, message, at], oldest first.
ALTER TABLE runs ADD COLUMN conditions TEXT NOT NULL DEFAULT '';
UPDATE runs SET conditions = COALESCE((
  SELECT JOINED_TEXT(CAST(JSON_LIST(ordered.type, ordered.reason, ordered.message, ordered.at) AS TEXT) || LINE_END, '')
  FROM (SELECT type, reason, message, at FROM conditions WHERE run = runs.id ORDER BY sequence) AS ordered
), '');
DROP TABLE conditions;
