-- name: insert_reply
INSERT INTO reply (id, account, app, phone_mark, sealed, at) VALUES (?, ?, ?, ?, ?, ?);

-- name: owe_reply
INSERT INTO owed_reply (reply, app, due_at) VALUES (?, ?, ?);

-- name: insert_opt_out
INSERT INTO opt_out (mark, at) VALUES (?, ?) ON CONFLICT DO NOTHING;

-- name: results_given_up -- the oldest first
SELECT message FROM report WHERE given_up AND app = ? ORDER BY message LIMIT ?;

-- name: replies_given_up -- the oldest first
SELECT reply FROM owed_reply WHERE given_up AND app = ? ORDER BY reply LIMIT ?;

-- name: replies_due -- of an app, the oldest first
SELECT reply FROM owed_reply
WHERE NOT given_up AND app = ? AND due_at <= ? ORDER BY due_at, reply LIMIT ?;

-- name: owed_replies -- the same of several apps, with their names
SELECT o.due_at, o.reply, o.attempts, a.name, r.id, r.account, r.app, r.phone_mark, r.sealed, r.at
FROM json_each(?1) AS asked
JOIN owed_reply AS o ON o.reply IN
  (SELECT reply FROM owed_reply
   WHERE NOT given_up AND app = asked.value AND due_at <= ?2 ORDER BY due_at, reply LIMIT ?3)
JOIN reply AS r ON r.id = o.reply JOIN app AS a ON a.id = o.app
ORDER BY o.due_at, o.reply LIMIT ?3;

-- name: reply
SELECT id, account, app, phone_mark, sealed, at FROM reply WHERE id = ?;

-- name: lease_reply
UPDATE owed_reply SET due_at = ? WHERE reply = ?;

-- name: end_reply
DELETE FROM owed_reply WHERE reply = ?;

-- name: fail_reply
UPDATE owed_reply SET attempts = attempts + 1, due_at = ?, failure = ?, given_up = ?
WHERE reply = ? AND NOT given_up;

-- name: forget_owed_replies
DELETE FROM owed_reply WHERE reply IN
  (SELECT reply FROM owed_reply WHERE reply < ? ORDER BY reply LIMIT ?);

-- name: forget_results -- from a slice of old messages, those of apps that could have asked for them
DELETE FROM report WHERE message > ? AND message <= ? AND status IS NOT NULL
  AND EXISTS (SELECT 1 FROM app WHERE app.id = report.app AND app.sealed_tencent IS NOT NULL)
RETURNING given_up;
