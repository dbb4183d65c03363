-- What SQLite holds, in the shape that its rows have in PostgreSQL; a table that is not here is alike in
-- both. :since is a day before the move began, :first the smallest message id of that moment, :born the
-- smallest id of a verification that may be alive.

-- name: leaving_outbox
SELECT o.id, o.status, o.kind, iif(o.status = 'unconfirmed', -1, 0) AS token, 0 AS lease_until, o.due_at,
       m.expires_at, o.attempts, o.first_attempt_at, o.attempt_at, o.provider, o.void, o.hits
FROM outbox AS o JOIN message AS m ON m.id = o.id

-- name: leaving_history -- history() packs the events as a limit reads them
SELECT mark, history(at, tag ORDER BY id) AS events, max(abs(at)) / 3600000 * 3600000 AS touched_at
FROM hit WHERE abs(at) > :since GROUP BY mark HAVING length(events) > 0

-- name: leaving_kept -- with max() in it, the other columns are those of the newest row
SELECT key, request, answer, at FROM (
  SELECT key, request, answer, at, max(id) FROM kept WHERE at > :since GROUP BY key
)

-- name: leaving_current_verification -- likewise; current_of() makes the mark of app, phone and purpose
SELECT mark, verification, at / 3600000 * 3600000 AS at FROM (
  SELECT current_of(app, phone_mark, purpose) AS mark, max(id) AS verification, created_at AS at
  FROM verification WHERE id > :born GROUP BY mark
)

-- name: leaving_reference
SELECT mark, max(message) AS message FROM reference WHERE message >= :first GROUP BY mark

-- name: leaving_filed_reference -- and those that were still to be filed
SELECT day, mark, message FROM filed_reference
UNION
SELECT day_of(message), mark, message FROM reference WHERE message < :first

-- name: leaving_meta -- what the other house says of itself it says itself
SELECT key, iif(typeof(value) = 'integer', value, NULL) AS number,
       iif(typeof(value) = 'integer', NULL, CAST(value AS BLOB)) AS value
FROM meta WHERE key NOT IN ('departure', 'key_check')

-- name: count_waiting
SELECT count(*) FROM outbox WHERE status = 'queued';

-- name: hold_back -- a slice of what waits becomes what may have been sent
UPDATE outbox
SET status = 'sending', token = 0, attempts = attempts + 1, attempt_at = ?1,
    first_attempt_at = iif(first_attempt_at = 0, ?1, first_attempt_at)
WHERE id IN (SELECT id FROM outbox WHERE status = 'queued' ORDER BY id LIMIT ?2);

-- name: forget_whom -- another provider may have had it since: this one must not be asked about it
UPDATE outbox SET provider = 'unknown' WHERE status = 'sending';

-- name: tell_of_tasks -- after which line nobody knows what was sent
INSERT INTO task_line (task, line, message, reason)
SELECT id, line + 1, 0, ?1 FROM task WHERE ended_at = 0;

-- name: end_tasks
UPDATE task SET ended_at = ?1 WHERE ended_at = 0;
