-- name: insert_replies
INSERT INTO reply (id, account, app, phone_mark, sealed, at)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[],
                     $6::bigint[]);

-- name: owe_replies
INSERT INTO owed_reply (reply, app, due_at)
SELECT u.reply, u.app, $3 FROM unnest($1::bigint[], $2::bigint[]) AS u (reply, app);

-- name: insert_opt_outs
INSERT INTO opt_out (mark, at)
SELECT u.mark, $2 FROM unnest($1::bigint[]) AS u (mark) ON CONFLICT DO NOTHING;

-- name: take_results_given_up -- the oldest first; what another is just taking is passed over
DELETE FROM report WHERE message = ANY(ARRAY(
  SELECT message FROM report WHERE given_up AND app = $1
  ORDER BY message LIMIT $2 FOR UPDATE SKIP LOCKED
))
RETURNING message;

-- name: take_results_due
DELETE FROM report WHERE message = ANY(ARRAY(
  SELECT message FROM report
  WHERE status IS NOT NULL AND NOT given_up AND app = $1 AND due_at <= $2
  ORDER BY due_at, message LIMIT $3 FOR UPDATE SKIP LOCKED
))
RETURNING message, due_at;

-- name: take_replies_given_up -- the oldest first; what another is just taking is passed over
DELETE FROM owed_reply WHERE reply = ANY(ARRAY(
  SELECT reply FROM owed_reply WHERE given_up AND app = $1
  ORDER BY reply LIMIT $2 FOR UPDATE SKIP LOCKED
))
RETURNING reply;

-- name: take_replies_due
DELETE FROM owed_reply WHERE reply = ANY(ARRAY(
  SELECT reply FROM owed_reply WHERE NOT given_up AND app = $1 AND due_at <= $2
  ORDER BY due_at, reply LIMIT $3 FOR UPDATE SKIP LOCKED
))
RETURNING reply, due_at;

-- name: replies
SELECT id, account, app, phone_mark, sealed, at FROM reply WHERE id = ANY($1::bigint[]);

-- name: owed_replies -- of these apps those that are due
SELECT owed.due_at, owed.reply, owed.attempts, a.name,
       r.id, r.account, r.app, r.phone_mark, r.sealed, r.at
FROM unnest($1::bigint[]) AS asked (app)
CROSS JOIN LATERAL (
  SELECT o.due_at, o.reply, o.attempts FROM owed_reply AS o
  WHERE NOT o.given_up AND o.app = asked.app AND o.due_at <= $2
  ORDER BY o.due_at, o.reply LIMIT $3 FOR UPDATE SKIP LOCKED
) AS owed
JOIN reply AS r ON r.id = ANY(ARRAY[owed.reply])
JOIN app AS a ON a.id = ANY(ARRAY[asked.app]);

-- name: lease_replies
UPDATE owed_reply SET due_at = $2 WHERE reply = ANY($1::bigint[]);

-- name: end_replies
DELETE FROM owed_reply WHERE reply = ANY($1::bigint[]);

-- name: fail_replies -- (IS NOT TRUE: a partial index of those that are not would do, read from end to end)
UPDATE owed_reply AS o
SET attempts = o.attempts + 1, due_at = u.due_at, failure = u.failure, given_up = u.due_at = 0
FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS u (reply, due_at, failure)
WHERE o.reply = ANY(ARRAY[u.reply]) AND o.given_up IS NOT TRUE;

-- name: forget_owed_replies
DELETE FROM owed_reply WHERE reply = ANY(ARRAY(
  SELECT reply FROM owed_reply WHERE reply < $1 ORDER BY reply LIMIT $2 FOR UPDATE SKIP LOCKED
));

-- name: forget_results -- from a slice of old messages, those of apps that could have asked for them
DELETE FROM report AS r USING app AS a
WHERE r.message > $1 AND r.message <= $2 AND r.status IS NOT NULL
  AND a.id = ANY(ARRAY[r.app]) AND a.sealed_tencent IS NOT NULL
RETURNING r.given_up;
