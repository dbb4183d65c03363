-- name: insert_lines -- [[line, message, reason], …]
INSERT INTO task_line (task, line, message, reason)
SELECT ?1, value ->> 0, value ->> 1, value ->> 2 FROM json_each(?2);
