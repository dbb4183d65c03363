-- name: count_given_up
SELECT count(*) FROM report WHERE given_up;

-- name: given_up -- newest first
SELECT r.message, a.name, r.status, r.attempts, r.failure
FROM report AS r JOIN app AS a ON a.id = r.app
WHERE r.given_up ORDER BY r.message DESC LIMIT ?;

-- name: owe_again
UPDATE report SET given_up = FALSE, attempts = 0, due_at = ? WHERE message = ? AND given_up;

-- name: reference_days -- newest first, one look into the table each
WITH RECURSIVE days (day) AS (
  SELECT max(day) FROM filed_reference
  UNION ALL
  SELECT (SELECT max(day) FROM filed_reference AS f WHERE f.day < days.day) FROM days
  WHERE days.day IS NOT NULL
)
SELECT day FROM days WHERE day IS NOT NULL;

-- name: filed_reference
SELECT max(message) FROM filed_reference WHERE day = ? AND mark = ?;
