-- name: origin -- of a text that may be answered
SELECT id, account, app, template, phone_mark, sealed FROM message WHERE id = ?;

-- name: replies_from -- newest first
SELECT id, account, app, phone_mark, sealed, at FROM reply
WHERE app = ? AND phone_mark = ? AND at >= ? AND at < ? ORDER BY at DESC, id DESC LIMIT ?;

-- name: replies_nobody_took -- those that were given up, newest first
SELECT o.reply, a.name, o.attempts, o.failure FROM owed_reply AS o JOIN app AS a ON a.id = o.app
WHERE o.given_up ORDER BY o.reply DESC LIMIT ?;

-- name: owe_reply_again
UPDATE owed_reply SET given_up = FALSE, attempts = 0, due_at = ? WHERE reply = ? AND given_up;
