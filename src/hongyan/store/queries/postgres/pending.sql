-- name: insert_inquiries
INSERT INTO inquiry (message, provider, doubt, due_at)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::boolean[], $4::bigint[])
ON CONFLICT DO NOTHING;

-- name: inquire_after_lost
INSERT INTO inquiry (message, provider, doubt, due_at)
SELECT id, provider, TRUE, $2 FROM outbox WHERE id = ANY($1::bigint[])
ON CONFLICT DO NOTHING;

-- name: due_inquiries -- the newest first; those that another is just claiming are passed over
SELECT i.message, i.asked, coalesce(m.status, o.status) AS status
FROM inquiry AS i JOIN message AS m ON m.id = ANY(ARRAY[i.message])
LEFT JOIN outbox AS o ON o.id = ANY(ARRAY[i.message])
WHERE i.provider = $1 AND i.doubt = $2 AND i.due_at <= $3
ORDER BY i.due_at DESC, i.message DESC LIMIT $4 FOR UPDATE OF i SKIP LOCKED;

-- name: put_off_inquiries
UPDATE inquiry AS i SET asked = i.asked + $3, due_at = u.due_at
FROM unnest($1::bigint[], $2::bigint[]) AS u (message, due_at)
WHERE i.message = ANY(ARRAY[u.message]);

-- name: end_inquiries
DELETE FROM inquiry WHERE message = ANY($1::bigint[]);

-- name: forget_inquiries
DELETE FROM inquiry WHERE message = ANY(ARRAY(
  SELECT message FROM inquiry WHERE message < $1 ORDER BY message LIMIT $2 FOR UPDATE SKIP LOCKED
));

-- name: insert_reports
INSERT INTO report (message, app) SELECT * FROM unnest($1::bigint[], $2::bigint[]);

-- name: report
UPDATE report AS r SET status = u.status, due_at = $3
FROM unnest($1::bigint[], $2::text[]) AS u (message, status)
WHERE r.message = ANY(ARRAY[u.message]) AND r.status IS NULL;

-- name: owed_apps -- above $1 and up to $2, with a report due: a look into the index or two for each
WITH RECURSIVE apps (app) AS (
  SELECT min(app) FROM report WHERE status IS NOT NULL AND NOT given_up AND app > $1 AND app <= $2
  UNION ALL
  SELECT (SELECT min(r.app) FROM report AS r
          WHERE r.status IS NOT NULL AND NOT r.given_up AND r.app > apps.app AND r.app <= $2)
  FROM apps WHERE apps.app IS NOT NULL
)
SELECT a.id, a.name FROM apps JOIN app AS a ON a.id = ANY(ARRAY[apps.app])
WHERE apps.app <> ALL($3::bigint[]) AND EXISTS (
  SELECT 1 FROM report AS r
  WHERE r.status IS NOT NULL AND NOT r.given_up AND r.app = apps.app AND r.due_at <= $4
)
LIMIT $5;

-- name: due_reports -- so many of each app, in the order of the apps as far as there is room
SELECT owed.app, one.message, one.attempts
FROM unnest($1::bigint[], $2::bigint[]) AS owed (app, room) CROSS JOIN LATERAL (
  SELECT message, attempts FROM report
  WHERE status IS NOT NULL AND NOT given_up AND app = owed.app AND due_at <= $3
  ORDER BY due_at, message LIMIT owed.room FOR UPDATE SKIP LOCKED
) AS one
LIMIT $4;

-- name: lease_reports
UPDATE report SET due_at = $2 WHERE message = ANY($1::bigint[]);

-- name: end_reports
DELETE FROM report WHERE message = ANY($1::bigint[]);

-- name: fail_reports
UPDATE report AS r
SET attempts = r.attempts + 1, due_at = u.due_at, failure = u.failure, given_up = u.due_at = 0
FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS u (message, due_at, failure)
WHERE r.message = ANY(ARRAY[u.message]) AND NOT r.given_up
RETURNING r.given_up;

-- name: forget_reports
DELETE FROM report WHERE message = ANY(ARRAY(
  SELECT message FROM report WHERE message < $1 ORDER BY message LIMIT $2 FOR UPDATE SKIP LOCKED
))
RETURNING given_up;

-- name: reports_between
SELECT message FROM report WHERE message > $1 AND message < $2 ORDER BY message LIMIT $3;

-- name: forget_unended -- but for messages that are not even on their way
DELETE FROM report WHERE message > $1 AND message <= $2 AND status IS NULL
  AND NOT EXISTS (SELECT 1 FROM outbox AS o WHERE o.id = ANY(ARRAY[report.message]));
