-- name: origin -- of a text that may be answered
SELECT id, account, app, template, phone_mark, sealed FROM message WHERE id = ?;

-- name: replies_from -- newest first
SELECT id, account, app, phone_mark, sealed, at FROM reply
WHERE app = ? AND phone_mark = ? AND at >= ? AND at < ? ORDER BY at DESC, id DESC LIMIT ?;
