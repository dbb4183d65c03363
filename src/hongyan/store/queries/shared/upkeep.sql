-- name: last_message
SELECT coalesce(max(id), 0) FROM message;
