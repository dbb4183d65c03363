-- name: insert_inquiry
INSERT INTO inquiry (message, provider, doubt, due_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: inquire_after_lost
INSERT INTO inquiry (message, provider, doubt, due_at)
SELECT id, provider, 1, ? FROM outbox WHERE id = ?
ON CONFLICT DO NOTHING;

-- name: due_inquiries -- the newest first
SELECT i.message, i.asked, coalesce(m.status, o.status)
FROM inquiry AS i JOIN message AS m ON m.id = i.message LEFT JOIN outbox AS o ON o.id = m.id
WHERE i.provider = ? AND i.doubt = ? AND i.due_at <= ? ORDER BY i.due_at DESC LIMIT ?;

-- name: put_off_inquiry
UPDATE inquiry SET asked = asked + ?, due_at = ? WHERE message = ?;

-- name: end_inquiry
DELETE FROM inquiry WHERE message = ?;

-- name: forget_inquiries
DELETE FROM inquiry WHERE message IN (SELECT message FROM inquiry WHERE message < ? LIMIT ?);

-- name: owes_reports
SELECT EXISTS (SELECT 1 FROM report);

-- name: insert_report
INSERT INTO report (message, app) VALUES (?, ?);

-- name: report
UPDATE report SET status = ?, due_at = ? WHERE message = ? AND status IS NULL;

-- name: report_delivered
UPDATE report SET status = m.status, due_at = ?
FROM message AS m
WHERE report.message = ? AND m.id = report.message AND report.status IS NULL
  AND m.status IN ('delivered', 'undelivered');

-- name: owed_apps -- above ?1 and up to ?2, with a report due: a look into the index or two for each
WITH RECURSIVE apps (app) AS (
  SELECT min(app) FROM report WHERE status IS NOT NULL AND NOT given_up AND app > ?1 AND app <= ?2
  UNION ALL
  SELECT (SELECT min(r.app) FROM report AS r
          WHERE r.status IS NOT NULL AND NOT r.given_up AND r.app > apps.app AND r.app <= ?2)
  FROM apps WHERE apps.app IS NOT NULL
)
SELECT a.id, a.name FROM apps JOIN app AS a ON a.id = apps.app
WHERE apps.app NOT IN (SELECT value FROM json_each(?3)) AND EXISTS (
  SELECT 1 FROM report AS r
  WHERE r.status IS NOT NULL AND NOT r.given_up AND r.app = apps.app AND r.due_at <= ?4
)
LIMIT ?5;

-- name: due_reports
SELECT message, attempts FROM report
WHERE status IS NOT NULL AND NOT given_up AND app = ? AND due_at <= ? ORDER BY due_at LIMIT ?;

-- name: lease_report
UPDATE report SET due_at = ? WHERE message = ?;

-- name: end_report
DELETE FROM report WHERE message = ?;

-- name: fail_report
UPDATE report SET attempts = attempts + 1, due_at = ?, failure = ?, given_up = ?
WHERE message = ? AND NOT given_up;

-- name: forget_reports
DELETE FROM report WHERE message IN (SELECT message FROM report WHERE message < ? LIMIT ?)
RETURNING given_up;

-- name: reports_between
SELECT message FROM report WHERE message > ? AND message < ? ORDER BY message LIMIT ?;

-- name: forget_unended -- but for messages that are not even on their way
DELETE FROM report WHERE message > ? AND message <= ? AND status IS NULL
  AND NOT EXISTS (SELECT 1 FROM outbox AS o WHERE o.id = report.message);

-- name: report_failure
SELECT failure FROM report WHERE message = ? AND given_up;

-- name: insert_reference
INSERT INTO reference (message, mark) VALUES (?, ?);

-- name: references -- oldest first
SELECT message, mark FROM reference ORDER BY message;

-- name: references_before
SELECT message, mark FROM reference WHERE message < ? ORDER BY message LIMIT ?;

-- name: unfiled_reference
SELECT message FROM reference WHERE message < ? AND mark = ? ORDER BY message DESC LIMIT 1;

-- name: filed_days -- newest first: a look into the table for each
WITH RECURSIVE days (day) AS (
  SELECT max(day) FROM filed_reference
  UNION ALL
  SELECT (SELECT max(f.day) FROM filed_reference AS f WHERE f.day < days.day)
  FROM days WHERE days.day IS NOT NULL
)
SELECT day FROM days WHERE day IS NOT NULL;

-- name: filed_reference
SELECT max(message) FROM filed_reference WHERE day = ? AND mark = ?;

-- name: file_reference
INSERT INTO filed_reference (day, mark, message) VALUES (?, ?, ?);

-- name: forget_references
DELETE FROM reference WHERE message <= ?;

-- name: insert_warning
INSERT INTO warning (message, word) VALUES (?, ?);

-- name: warning
SELECT word FROM warning WHERE message = ?;
