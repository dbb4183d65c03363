-- name: message
SELECT m.id, m.kind, m.template, m.sealed, m.masked, m.units,
       coalesce(m.status, o.status), m.accepted_at, m.expires_at, coalesce(m.settled_at, 0),
       coalesce(m.receipt_code, '')
FROM message AS m LEFT JOIN outbox AS o ON o.id = m.id
WHERE m.id = ? AND m.app = ?;

-- name: owed_message
SELECT m.id, m.kind, m.template, m.sealed, m.masked, m.units, m.status, m.accepted_at, m.expires_at,
       coalesce(m.settled_at, 0), coalesce(m.receipt_code, ''), a.name
FROM message AS m JOIN app AS a ON a.id = m.app WHERE m.id = ?;

-- name: attempts
SELECT number, provider, started_at, ended_at, outcome, code, reason FROM attempt
WHERE message = ? ORDER BY number;
