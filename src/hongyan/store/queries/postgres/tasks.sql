-- name: insert_lines -- [[line, message, reason], …]
INSERT INTO task_line (task, line, message, reason)
SELECT $1, (one ->> 0)::bigint, (one ->> 1)::bigint, one ->> 2
FROM jsonb_array_elements($2::text::jsonb) AS one;
