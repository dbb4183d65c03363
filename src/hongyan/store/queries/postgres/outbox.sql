-- Rows are joined by `key = ANY(ARRAY[key])`: that can only be looked up in an index. For `key = key`
-- the planner may walk over a whole table in the order of its key, and does where it was told, when the
-- statement was planned, that the table is as good as empty.

-- name: claim -- of each kind those that are back in line, then the others; see the table's comment
-- Whoever claims at the same time passes over what this one has taken. Nobody waits.
WITH room AS MATERIALIZED (
  SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS r (kind, most, floor)
), back AS MATERIALIZED (
  SELECT room.kind, one.id FROM room CROSS JOIN LATERAL (
    SELECT o.id FROM outbox AS o
    WHERE o.status = 'queued' AND o.id = ANY(ARRAY(
      SELECT ripe.id FROM outbox AS ripe
      WHERE ripe.token = 0 AND ripe.due_at > 0 AND ripe.kind = room.kind AND ripe.due_at <= $4
      ORDER BY ripe.due_at LIMIT 500
    ))
    ORDER BY o.id LIMIT room.most FOR UPDATE SKIP LOCKED
  ) AS one
), fresh AS MATERIALIZED (
  SELECT one.id FROM room CROSS JOIN LATERAL (
    SELECT o.id FROM outbox AS o
    WHERE o.token = 0 AND o.due_at = 0 AND o.kind = room.kind AND o.id + 0 >= room.floor
    ORDER BY o.id + 0 LIMIT room.most - (SELECT count(*) FROM back WHERE back.kind = room.kind)
    FOR UPDATE SKIP LOCKED
  ) AS one
)
UPDATE outbox AS o SET status = 'claimed', token = $5, lease_until = least($6, o.expires_at)
FROM (SELECT id FROM back UNION ALL SELECT id FROM fresh) AS taken
JOIN message AS m ON m.id = ANY(ARRAY[taken.id])
WHERE o.id = ANY(ARRAY[taken.id])
RETURNING m.id, m.kind, m.expires_at, m.account, m.app, m.template, m.phone_mark, m.sealed, m.units,
          m.verification, o.attempts, o.first_attempt_at, o.due_at;

-- name: set_aside -- claimed → queued: it cannot be read, and waits for its end
UPDATE outbox SET status = 'queued', token = 0, due_at = expires_at
WHERE id = ANY($1::bigint[]) AND status = 'claimed' AND token = $2;

-- name: begin_attempts -- the last guard before a byte leaves
UPDATE outbox AS o
SET status = 'sending', provider = u.provider, attempt_at = $4, attempts = o.attempts + 1,
    first_attempt_at = CASE o.first_attempt_at WHEN 0 THEN $4 ELSE o.first_attempt_at END,
    lease_until = $5
FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS u (id, token, provider)
WHERE o.id = ANY(ARRAY[u.id]) AND o.status = 'claimed' AND o.token = u.token AND o.expires_at > $4
RETURNING o.id;

-- name: unbegin_attempts -- sending → queued, as if it had never begun
UPDATE outbox AS o
SET status = 'queued', token = 0, due_at = 1, attempts = o.attempts - 1,
    first_attempt_at = CASE o.attempts WHEN 1 THEN 0 ELSE o.first_attempt_at END
FROM unnest($1::bigint[], $2::bigint[]) AS u (id, token)
WHERE o.id = ANY(ARRAY[u.id]) AND o.status = 'sending' AND o.token = u.token
RETURNING o.id, o.void;

-- name: submit -- sending → submitted, with all that follows: it is what becomes of most
WITH gone AS (
  DELETE FROM outbox AS o
  USING unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bigint[], $5::text[], $6::bigint[],
               $7::bigint[], $8::text[], $9::text[], $10::text[], $11::text[])
    AS u (id, token, sealed, number, provider, started_at, ended_at, outcome, upstream_id, code, reason)
  WHERE o.id = ANY(ARRAY[u.id]) AND o.status = 'sending' AND o.token = u.token
  RETURNING u.*
), attempted AS (
  INSERT INTO attempt (message, number, provider, started_at, ended_at, outcome, upstream_id, code,
                       reason)
  SELECT id, number, provider, started_at, ended_at, outcome, upstream_id, code, reason FROM gone
), concluded AS (
  UPDATE message AS m
  SET status = 'submitted', settled_at = $12,
      sealed = coalesce(gone.sealed, m.sealed), masked = m.masked OR gone.sealed IS NOT NULL
  FROM gone WHERE m.id = ANY(ARRAY[gone.id]) AND m.status IS NULL
)
SELECT id FROM gone;

-- name: defer -- sending → queued
UPDATE outbox AS o SET status = 'queued', token = 0, due_at = u.due_at
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS u (id, token, due_at)
WHERE o.id = ANY(ARRAY[u.id]) AND o.status = 'sending' AND o.token = u.token
RETURNING o.id, o.void;

-- name: doubt -- sending → unconfirmed
UPDATE outbox AS o SET status = 'unconfirmed', token = -1, due_at = $3
FROM unnest($1::bigint[], $2::bigint[]) AS u (id, token)
WHERE o.id = ANY(ARRAY[u.id]) AND o.status = 'sending' AND o.token = u.token
RETURNING o.id;

-- name: ended_leases -- the oldest claims first
SELECT id, status FROM outbox WHERE token > 0 AND lease_until <= $1
ORDER BY token LIMIT $2 FOR UPDATE SKIP LOCKED;

-- name: requeue -- claimed → queued, because its lease ended
UPDATE outbox SET status = 'queued', token = 0, due_at = 1
WHERE id = ANY($1::bigint[]) AND status = 'claimed';

-- name: release -- claimed → queued, because its holder stops. Its number stands in its tokens, as in ids
UPDATE outbox SET status = 'queued', token = 0, due_at = 1
WHERE token > 0 AND (token >> 12) & 1023 = $1 AND status = 'claimed'
RETURNING id;

-- name: lose -- sending → unconfirmed, because its lease ended
UPDATE outbox AS o SET status = 'unconfirmed', token = -1, due_at = $2
FROM message AS m
WHERE o.id = ANY($1::bigint[]) AND o.status = 'sending' AND m.id = ANY(ARRAY[o.id])
RETURNING m.id, m.kind, m.template, m.sealed;

-- name: due_doubts
SELECT id FROM outbox WHERE token = -1 AND due_at <= $1
ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED;

-- name: dead -- those whose time ran out before anybody took them
SELECT id FROM outbox WHERE token = 0 AND expires_at <= $1 ORDER BY expires_at LIMIT $2;

-- name: states -- of those that the outbox has, held still
SELECT id, status FROM outbox WHERE id = ANY($1::bigint[]) ORDER BY id FOR UPDATE;

-- name: void -- being sent, with a code that nobody can use any more: not to be tried again
UPDATE outbox SET void = TRUE WHERE id = ANY($1::bigint[]) AND status = 'sending';

-- name: hits -- what a definite refusal of these gives back
SELECT hits FROM outbox WHERE id = ANY($1::bigint[]) AND hits IS NOT NULL;

-- name: reject -- sending → rejected
DELETE FROM outbox AS o USING unnest($1::bigint[], $2::bigint[]) AS u (id, token), message AS m
WHERE o.id = ANY(ARRAY[u.id]) AND o.status = 'sending' AND o.token = u.token AND m.id = ANY(ARRAY[o.id])
RETURNING m.id, m.kind, m.template, m.sealed, m.masked, m.account, m.units, m.accepted_at, o.hits;

-- name: expire -- queued, claimed → expired
DELETE FROM outbox AS o USING unnest($1::bigint[], $2::bigint[]) AS u (id, token), message AS m
WHERE o.id = ANY(ARRAY[u.id]) AND o.status IN ('queued', 'claimed') AND m.id = ANY(ARRAY[o.id])
RETURNING m.id, m.kind, m.template, m.sealed, m.masked, m.account, m.units, m.accepted_at, o.hits;

-- name: resolve -- unconfirmed → submitted, delivered, undelivered, rejected, closed
DELETE FROM outbox AS o USING unnest($1::bigint[], $2::bigint[]) AS u (id, token), message AS m
WHERE o.id = ANY(ARRAY[u.id]) AND o.status = 'unconfirmed' AND m.id = ANY(ARRAY[o.id])
RETURNING m.id, m.kind, m.template, m.sealed, m.masked, m.account, m.units, m.accepted_at, o.hits;

-- name: conclude -- the outbox has let go of it: its state stands in its own row from now on
UPDATE message AS m
SET status = u.status, settled_at = u.at, receipt_code = u.code,
    sealed = coalesce(u.sealed, m.sealed), masked = m.masked OR u.sealed IS NOT NULL
FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::bytea[])
  AS u (id, status, at, code, sealed)
WHERE m.id = ANY(ARRAY[u.id]) AND m.status IS NULL;

-- name: deliver -- submitted → delivered, undelivered; their apps are told as soon as may be
WITH moved AS (
  UPDATE message AS m SET status = u.status, settled_at = u.at, receipt_code = u.code
  FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[]) AS u (id, status, at, code)
  WHERE m.id = ANY(ARRAY[u.id]) AND m.status = 'submitted'
  RETURNING m.id, m.status
), told AS (
  UPDATE report AS r SET status = moved.status, due_at = $5
  FROM moved WHERE r.message = ANY(ARRAY[moved.id]) AND r.status IS NULL
)
SELECT id FROM moved;

-- name: wipe -- the clear text goes, a masked one may stay
UPDATE message AS m SET sealed = u.sealed, masked = TRUE
FROM unnest($1::bigint[], $2::bytea[]) AS u (id, sealed)
WHERE m.id = ANY(ARRAY[u.id]);

-- name: insert_attempts
INSERT INTO attempt (message, number, provider, started_at, ended_at, outcome, upstream_id, code,
                     reason)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::text[],
                     $7::text[], $8::text[], $9::text[]);

-- name: insert_lost_attempts -- their worker ended between the first byte and the answer
INSERT INTO attempt (message, number, provider, started_at, ended_at, outcome, upstream_id, code,
                     reason)
SELECT id, attempts, provider, attempt_at, $2, 'unconfirmed', '', 'lease_ended', $3
FROM outbox WHERE id = ANY($1::bigint[]);

-- name: keep_early_receipts
INSERT INTO early_receipt (message, at, status, code)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[])
ON CONFLICT (message) DO UPDATE SET at = excluded.at, status = excluded.status, code = excluded.code;

-- name: take_early_receipts
DELETE FROM early_receipt WHERE message = ANY($1::bigint[]) RETURNING message, status, at, code;

-- name: lock_histories -- in the order in which everybody locks them
SELECT mark, events FROM history WHERE mark = ANY($1::bigint[]) ORDER BY mark FOR UPDATE;

-- name: put_histories
UPDATE history AS h SET events = u.events FROM unnest($1::bigint[], $2::bytea[]) AS u (mark, events)
WHERE h.mark = ANY(ARRAY[u.mark]);

-- name: insert_refunds
INSERT INTO ledger (account, entry, units, at)
SELECT id, 'refunded', units, $3 FROM unnest($1::bigint[], $2::bigint[]) AS u (id, units);
