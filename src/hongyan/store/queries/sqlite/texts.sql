-- name: opt_out
SELECT 1 FROM opt_out WHERE mark = ?;
