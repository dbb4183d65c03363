-- name: count_given_up
SELECT count(*) FROM report WHERE given_up;

-- name: given_up -- newest first
SELECT r.message, a.name, r.status, r.attempts, r.failure
FROM report AS r JOIN app AS a ON a.id = r.app
WHERE r.given_up ORDER BY r.message DESC LIMIT ?;

-- name: owe_again
UPDATE report SET given_up = FALSE, attempts = 0, due_at = ? WHERE message = ? AND given_up;
