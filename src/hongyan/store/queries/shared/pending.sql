-- name: count_given_up
SELECT count(*) FROM report WHERE given_up;

-- name: given_up -- newest first
SELECT r.message, a.name, r.status, r.attempts, r.failure
FROM report AS r JOIN app AS a ON a.id = r.app
WHERE r.given_up ORDER BY r.message DESC LIMIT ?;

-- name: owe_again
UPDATE report SET given_up = FALSE, attempts = 0, due_at = ? WHERE message = ? AND given_up;

-- name: filed_reference -- of the newest day that has it: a look into the table for each day
WITH RECURSIVE days (day) AS (
  SELECT max(day) FROM filed_reference
  UNION ALL
  SELECT day - 1 FROM days WHERE day > (SELECT min(day) FROM filed_reference)
)
SELECT found.message FROM (
  SELECT (SELECT max(message) FROM filed_reference AS f WHERE f.day = days.day AND f.mark = ?) AS message
  FROM days
) AS found
WHERE found.message IS NOT NULL LIMIT 1;
