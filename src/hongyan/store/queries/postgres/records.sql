-- name: message -- with its attempts, a row each; one at least
SELECT m.id, m.kind, m.template, m.sealed, m.masked, m.units, coalesce(m.status, o.status),
       m.accepted_at, m.expires_at, coalesce(m.settled_at, 0), coalesce(m.receipt_code, ''),
       coalesce(w.word, ''), coalesce(r.failure, ''),
       coalesce(c.times, 0)::integer, coalesce(c.at, 0), coalesce(v.at, 0),
       a.number, a.provider, a.started_at, a.ended_at, a.outcome, a.code, a.reason
FROM message AS m
LEFT JOIN outbox AS o ON o.id = m.id
LEFT JOIN warning AS w ON w.message = m.id
LEFT JOIN report AS r ON r.message = m.id AND r.given_up
LEFT JOIN LATERAL (
  SELECT sum(opened) AS times, min(opened_at) AS at FROM link WHERE message = m.id AND opened > 0
) AS c ON true
LEFT JOIN conversion AS v ON v.message = m.id
LEFT JOIN attempt AS a ON a.message = m.id
WHERE m.id = $1 AND m.app = $2 ORDER BY a.number;

-- name: owed_messages
SELECT m.id, m.kind, m.template, m.sealed, m.masked, m.units, m.status, m.accepted_at, m.expires_at,
       coalesce(m.settled_at, 0), coalesce(m.receipt_code, ''), a.name
FROM message AS m JOIN app AS a ON a.id = ANY(ARRAY[m.app])
WHERE m.id = ANY($1::bigint[]);

-- name: current
SELECT verification FROM current_verification WHERE mark = $1;

-- name: reference
SELECT message FROM reference WHERE mark = $1;

-- name: filed_reference -- of the newest day that has it: a look or two for each day that there is
WITH RECURSIVE days (day) AS (
  SELECT max(day) FROM filed_reference
  UNION ALL
  SELECT (SELECT max(f.day) FROM filed_reference AS f WHERE f.day < days.day)
  FROM days WHERE days.day IS NOT NULL
)
SELECT found.message FROM (
  SELECT (SELECT max(message) FROM filed_reference AS f WHERE f.day = days.day AND f.mark = $1)
    AS message
  FROM days
) AS found
WHERE found.message IS NOT NULL LIMIT 1;

-- name: count_waiting -- as far as it is worth counting
SELECT count(*) FROM (SELECT 1 FROM outbox WHERE token = 0 LIMIT $1) AS line;

-- name: next_due -- of those that wait for their hour
SELECT min(first.due_at) FROM unnest($1::text[]) AS k (kind) CROSS JOIN LATERAL (
  SELECT o.due_at FROM outbox AS o WHERE o.token = 0 AND o.due_at > 0 AND o.kind = k.kind
  ORDER BY o.due_at LIMIT 1
) AS first;
