-- name: insert_lines -- [[line, message, reason], …]
INSERT INTO task_line (task, line, message, reason)
SELECT $1, (one ->> 0)::bigint, (one ->> 1)::bigint, one ->> 2
FROM jsonb_array_elements($2::text::jsonb) AS one;

-- name: task_lines -- a page, in their order, with what was sent
-- OFFSET 0: each line's message by its key, however small the planner once found these tables.
SELECT l.line, l.message, l.reason, m.id, m.kind, m.template, m.sealed, m.masked, m.units,
       coalesce(m.status, o.status), m.accepted_at, m.expires_at, coalesce(m.settled_at, 0),
       coalesce(m.receipt_code, '')
FROM (SELECT line, message, reason FROM task_line WHERE task = $1 ORDER BY line LIMIT $2 OFFSET $3) AS l
LEFT JOIN LATERAL (SELECT * FROM message WHERE id = l.message OFFSET 0) AS m ON true
LEFT JOIN LATERAL (SELECT status FROM outbox WHERE id = l.message OFFSET 0) AS o ON true
ORDER BY l.line;
