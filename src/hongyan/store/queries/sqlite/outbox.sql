-- name: waiting -- what a new process finds to do, oldest first
SELECT id, kind, due_at FROM outbox WHERE status = 'queued' ORDER BY id;

-- name: unconfirmed
SELECT id, due_at FROM outbox WHERE status = 'unconfirmed' ORDER BY due_at;

-- name: sending -- what a process that is gone was sending
SELECT id FROM outbox WHERE status = 'sending';

-- name: bodies
SELECT m.id, m.kind, m.expires_at, m.account, m.app, m.template, m.phone_mark, m.sealed, m.units,
       m.verification, o.attempts, o.first_attempt_at
FROM json_each(?) AS wanted
JOIN outbox AS o ON o.id = wanted.value
JOIN message AS m ON m.id = o.id;

-- name: begin -- the last guard before a byte leaves
UPDATE outbox
SET status = 'sending', provider = ?1, attempt_at = ?2, token = ?3, attempts = attempts + 1,
    first_attempt_at = iif(first_attempt_at = 0, ?2, first_attempt_at)
WHERE id = ?4 AND status = 'queued';

-- name: unbegin -- sending → queued, as if it had never begun
UPDATE outbox
SET status = 'queued', token = 0, attempts = attempts - 1,
    first_attempt_at = iif(attempts = 1, 0, first_attempt_at)
WHERE id = ? AND status = 'sending' AND token = ?;

-- name: leave -- sending → submitted, rejected
DELETE FROM outbox WHERE id = ? AND status = 'sending' AND token = ?;

-- name: defer -- sending → queued
UPDATE outbox SET status = 'queued', token = 0, due_at = ?
WHERE id = ? AND status = 'sending' AND token = ?;

-- name: void -- being sent, with a code that nobody can use any more: not to be tried again
UPDATE outbox SET void = 1 WHERE id = ? AND status = 'sending';

-- name: is_void
SELECT void FROM outbox WHERE id = ?;

-- name: doubt -- sending → unconfirmed
UPDATE outbox SET status = 'unconfirmed', due_at = ?
WHERE id = ? AND status = 'sending' AND token = ?;

-- name: expire -- queued, claimed → expired
DELETE FROM outbox WHERE id = ? AND status = 'queued';

-- name: resolve -- unconfirmed → submitted, delivered, undelivered, rejected, closed
DELETE FROM outbox WHERE id = ? AND status = 'unconfirmed';

-- name: conclude -- the outbox has let go of it: its state stands in its own row from now on
UPDATE message
SET status = ?1, settled_at = ?2, receipt_code = ?3, sealed = coalesce(?4, sealed),
    masked = masked OR ?4 IS NOT NULL
WHERE id = ?5 AND status IS NULL;

-- name: deliver -- submitted → delivered, undelivered
UPDATE message SET status = ?, settled_at = ?, receipt_code = ?
WHERE id = ? AND status = 'submitted';

-- name: wipe -- the clear text goes, a masked one may stay
UPDATE message SET sealed = ?, masked = 1 WHERE id = ?;

-- name: state
SELECT coalesce(m.status, o.status), coalesce(o.token, 0) FROM message AS m
LEFT JOIN outbox AS o ON o.id = m.id WHERE m.id = ?;

-- name: open_message -- what is needed to end one that the outbox still has
SELECT m.kind, m.template, m.sealed, m.masked, m.account, m.units, m.accepted_at, o.hits
FROM message AS m JOIN outbox AS o ON o.id = m.id WHERE m.id = ?;

-- name: lose -- sending → unconfirmed, because its lease ended
UPDATE outbox SET status = 'unconfirmed', due_at = ? WHERE id = ? AND status = 'sending';

-- name: expires_at
SELECT id, expires_at FROM message WHERE id IN (SELECT value FROM json_each(?));

-- name: insert_attempt
INSERT INTO attempt (message, number, provider, started_at, ended_at, outcome, upstream_id, code,
                     reason)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: insert_lost_attempt -- the process ended between the first byte and the answer
INSERT INTO attempt (message, number, provider, started_at, ended_at, outcome, upstream_id, code,
                     reason)
SELECT id, attempts, provider, attempt_at, ?, 'unconfirmed', '', 'lease_ended', ?
FROM outbox WHERE id = ?;

-- name: keep_early_receipt
INSERT INTO early_receipt (message, at, status, code) VALUES (?, ?, ?, ?)
ON CONFLICT (message) DO UPDATE SET at = excluded.at, status = excluded.status, code = excluded.code;

-- name: early -- a few at most: each message's settle takes its own
SELECT message FROM early_receipt;

-- name: take_early_receipt
DELETE FROM early_receipt WHERE message = ? RETURNING status, at, code;
