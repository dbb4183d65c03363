-- name: insert_message
INSERT INTO message (id, account, app, kind, template, phone_mark, sealed, units, accepted_at,
                     expires_at, verification)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: insert_outbox
INSERT INTO outbox (id, kind, hits) VALUES (?, ?, ?);

-- name: debit -- the guard is the table's CHECK: a balance never goes below 0
UPDATE account SET balance = balance - ? WHERE id = ?;

-- name: insert_hit
INSERT INTO hit (mark, at, tag) VALUES (?, ?, ?);

-- name: insert_kept
INSERT INTO kept (id, key, request, answer, at) VALUES (?, ?, ?, ?, ?);

-- name: kept -- the key too: once all are forgotten, rows are numbered from one again
SELECT request, answer, at FROM kept WHERE id = ? AND key = ?;

-- name: insert_verification
INSERT INTO verification (id, app, purpose, phone_mark, openid_mark, device_mark, ip_mark, created_at,
                          stepped_up, sends, sent_at, message, code, previous, previous_sent_at,
                          previous_message, attempts, state, used_at, proof, proof_used_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: change_verification -- whatever happens above, it passes once and its proof is used once
UPDATE verification
SET stepped_up = ?, sends = ?, sent_at = ?, message = ?, code = ?, previous = ?, previous_sent_at = ?,
    previous_message = ?, attempts = ?, state = ?, used_at = ?, proof = ?, proof_used_at = ?
WHERE id = ? AND used_at IN (0, ?) AND proof_used_at = 0;

-- name: verification
SELECT v.id, v.app, purpose, v.phone_mark, openid_mark, device_mark, ip_mark, created_at,
       stepped_up, sends, sent_at, message, code, previous, previous_sent_at, previous_message, attempts, state,
       used_at, proof, proof_used_at, m.sealed
FROM verification AS v JOIN message AS m ON m.id = v.message WHERE v.id = ?;

-- name: known_openid
SELECT 1 FROM known_openid WHERE phone_mark = ? AND openid_mark = ?;

-- name: insert_known_openid
INSERT INTO known_openid (phone_mark, openid_mark, since) VALUES (?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: member
SELECT id FROM member WHERE phone_mark = ?;

-- name: insert_member
INSERT INTO member (phone_mark, id, app, sealed_phone, joined_at) VALUES (?, ?, ?, ?, ?);

-- name: count_probes
INSERT INTO meta (key, value) VALUES ('probes', ?)
ON CONFLICT (key) DO UPDATE SET value = value + excluded.value;
