-- name: handed -- by the last attempt that may have gone out
SELECT m.sealed, coalesce(a.upstream_id, ''), coalesce(a.started_at, nullif(o.attempt_at, 0), m.accepted_at)
FROM message AS m
LEFT JOIN outbox AS o ON o.id = m.id
LEFT JOIN attempt AS a ON a.message = m.id AND a.provider = ? AND a.outcome IN ('accepted', 'unconfirmed')
WHERE m.id = ? ORDER BY a.number DESC LIMIT 1;
