-- name: insert_lines -- [[line, message, reason], …]
INSERT INTO task_line (task, line, message, reason)
SELECT ?1, value ->> 0, value ->> 1, value ->> 2 FROM json_each(?2);

-- name: task_lines -- a page, in their order, with what was sent
SELECT l.line, l.message, l.reason, m.id, m.kind, m.template, m.sealed, m.masked, m.units,
       coalesce(m.status, o.status), m.accepted_at, m.expires_at, coalesce(m.settled_at, 0),
       coalesce(m.receipt_code, '')
FROM (SELECT line, message, reason FROM task_line WHERE task = ? ORDER BY line LIMIT ? OFFSET ?) AS l
LEFT JOIN message AS m ON m.id = l.message LEFT JOIN outbox AS o ON o.id = l.message
ORDER BY l.line;
