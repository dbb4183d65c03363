-- name: lock_verifications
SELECT id, app, purpose, phone_mark, openid_mark, device_mark, ip_mark, created_at, stepped_up, sends,
       sent_at, message, code, previous, previous_sent_at, previous_message, attempts, state, used_at,
       proof, proof_used_at
FROM verification WHERE id = ANY($1::bytea[]) ORDER BY id FOR UPDATE;

-- name: lock_accounts
SELECT id FROM account WHERE id = ANY($1::bigint[]) ORDER BY id FOR NO KEY UPDATE;

-- name: hold_histories -- in the order in which everybody locks them
-- One that was made while others were waited for would be out of that order: it is not waited for.
SELECT count(*) FROM (
  SELECT 1 FROM history WHERE mark = ANY('{{{marks}}}'::bigint[]) ORDER BY mark FOR UPDATE
) AS held;
SELECT count(*) FROM (
  SELECT 1 FROM history WHERE mark = ANY('{{{marks}}}'::bigint[]) ORDER BY mark FOR UPDATE NOWAIT
) AS held;

-- name: make_histories
INSERT INTO history (mark, events, touched_at)
SELECT u.mark, '', $2 FROM unnest($1::bigint[]) AS u (mark) ON CONFLICT DO NOTHING;

-- name: look -- all that a batch reads without locking it, in one round: what is asked, by which key
SELECT 'balance' AS what, id AS key, balance AS number, NULL::bigint AS at, NULL::bytea AS bytes
FROM account WHERE id = ANY($1::bigint[])
UNION ALL
SELECT 'history', mark, NULL, NULL, events FROM history WHERE mark = ANY($2::bigint[])
UNION ALL
SELECT 'kept', key, request, at, answer FROM kept WHERE key = ANY($3::bigint[])
UNION ALL
SELECT 'reference', mark, message, NULL, NULL FROM reference WHERE mark = ANY($4::bigint[])
UNION ALL
SELECT 'current', mark, NULL, NULL, verification FROM current_verification
WHERE mark = ANY($5::bigint[])
UNION ALL
SELECT 'member', phone_mark, id, NULL, NULL FROM member WHERE phone_mark = ANY($6::bigint[])
UNION ALL
SELECT 'openid', k.phone_mark, k.openid_mark, NULL, NULL
FROM unnest($7::bigint[], $8::bigint[]) AS u (phone, openid)
CROSS JOIN LATERAL (
  SELECT * FROM known_openid WHERE phone_mark = u.phone AND openid_mark = u.openid LIMIT 1
) AS k;

-- name: verifications
SELECT v.id, v.app, purpose, v.phone_mark, openid_mark, device_mark, ip_mark, created_at,
       stepped_up, sends, sent_at, message, code, previous, previous_sent_at, previous_message, attempts, state,
       used_at, proof, proof_used_at, m.sealed
FROM verification AS v JOIN message AS m ON m.id = ANY(ARRAY[v.message])
WHERE v.id = ANY($1::bytea[]);

-- name: write_references -- over those of a day ago; fewer than wanted: another was first
INSERT INTO reference (mark, message)
SELECT * FROM unnest($1::bigint[], $2::bigint[])
ON CONFLICT (mark) DO UPDATE SET message = excluded.message WHERE reference.message < $3;

-- name: write_batch -- limits, answers to keep, and texts: into the line too, and into the books
-- The batch is noted under its id, or under none, which its key forbids, where a limit that has a row does
-- not have it as it was read. Who is not the first to make a row breaks its key: plain inserts cost half of
-- those that look for a conflict. The parts that nobody reads are done from the last to the first, after
-- the one that is: that is the order of locks. What balances move by is given where this is all there is.
WITH moved AS (
  UPDATE history AS h SET events = u.events, touched_at = $6
  FROM unnest($1::bigint[], $2::bytea[], $3::bytea[]) AS u (mark, events, before)
  WHERE h.mark = ANY(ARRAY[u.mark]) AND h.events = u.before
  RETURNING 1
), balances AS (
  UPDATE account AS a SET balance = a.balance + u.units
  FROM unnest($27::bigint[], $28::bigint[]) AS u (account, units)
  WHERE a.id = ANY(ARRAY[u.account])
), books AS (
  INSERT INTO ledger (account, entry, units, at)
  SELECT u.account, 'accepted', -u.units, $11
  FROM unnest($24::bigint[], $25::bigint[]) AS u (account, units)
), texts AS (
  INSERT INTO message (id, account, app, kind, template, phone_mark, sealed, units, accepted_at,
                       expires_at, verification)
  SELECT * FROM unnest($12::bigint[], $13::bigint[], $14::bigint[], $15::text[], $16::bigint[],
                       $17::bigint[], $18::bytea[], $19::integer[], $20::bigint[], $21::bigint[],
                       $22::bytea[])
), line AS (
  INSERT INTO outbox (id, kind, expires_at, hits)
  SELECT * FROM unnest($12::bigint[], $15::text[], $21::bigint[], $23::bytea[])
), answers AS (
  INSERT INTO kept (key, request, answer, at)
  SELECT * FROM unnest($7::bigint[], $8::bigint[], $9::bytea[], $10::bigint[])
), made AS (
  INSERT INTO history (mark, events, touched_at)
  SELECT u.mark, u.events, $6 FROM unnest($4::bigint[], $5::bytea[]) AS u (mark, events)
)
INSERT INTO batch (id)
SELECT CASE WHEN (SELECT count(*) FROM moved) = cardinality($1) THEN $26::uuid END;

-- name: forget_answers -- of a day ago, before others are kept under their keys
DELETE FROM kept WHERE key = ANY(ARRAY(
  SELECT key FROM kept WHERE key = ANY($1::bigint[]) AND at <= $2 ORDER BY key FOR UPDATE
));

-- name: insert_warnings
INSERT INTO warning (message, word) SELECT * FROM unnest($1::bigint[], $2::text[]);

-- name: insert_verifications
INSERT INTO verification (id, app, purpose, phone_mark, openid_mark, device_mark, ip_mark, created_at,
                          stepped_up, sends, sent_at, message, code, previous, previous_sent_at,
                          previous_message, attempts, state, used_at, proof, proof_used_at)
SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[],
                     $7::bigint[], $8::bigint[], $9::boolean[], $10::integer[], $11::bigint[],
                     $12::bigint[], $13::bytea[], $14::bytea[], $15::bigint[], $16::bigint[],
                     $17::integer[], $18::text[], $19::bigint[], $20::bytea[], $21::bigint[]);

-- name: put_currents -- its phone's history is locked, so nobody else writes the same one
INSERT INTO current_verification (mark, verification, at)
SELECT u.mark, u.verification, $3 FROM unnest($1::bigint[], $2::bytea[]) AS u (mark, verification)
ON CONFLICT (mark) DO UPDATE SET verification = excluded.verification, at = excluded.at;

-- name: change_verifications -- whatever happens above, it passes once and its proof is used once
UPDATE verification AS v
SET stepped_up = u.stepped_up, sends = u.sends, sent_at = u.sent_at, message = u.message,
    code = u.code, previous = u.previous, previous_sent_at = u.previous_sent_at,
    previous_message = u.previous_message, attempts = u.attempts, state = u.state,
    used_at = u.used_at, proof = u.proof, proof_used_at = u.proof_used_at
FROM unnest($1::boolean[], $2::integer[], $3::bigint[], $4::bigint[], $5::bytea[], $6::bytea[],
            $7::bigint[], $8::bigint[], $9::integer[], $10::text[], $11::bigint[], $12::bytea[],
            $13::bigint[], $14::bytea[], $15::bigint[])
  AS u (stepped_up, sends, sent_at, message, code, previous, previous_sent_at, previous_message,
        attempts, state, used_at, proof, proof_used_at, id, was_used_at)
WHERE v.id = ANY(ARRAY[u.id]) AND v.used_at IN (0, u.was_used_at) AND v.proof_used_at = 0;

-- name: insert_known_openids
INSERT INTO known_openid (phone_mark, openid_mark, since)
SELECT u.phone, u.openid, $3 FROM unnest($1::bigint[], $2::bigint[]) AS u (phone, openid)
ON CONFLICT DO NOTHING;

-- name: insert_members -- fewer than wanted: another was first
INSERT INTO member (phone_mark, id, app, sealed_phone, joined_at)
SELECT u.phone, u.id, u.app, u.sealed, $5
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bytea[]) AS u (phone, id, app, sealed)
ON CONFLICT DO NOTHING;
