-- name: balances
SELECT id, balance FROM account;

-- name: hits_since
SELECT mark, at, tag FROM hit WHERE abs(at) > ? ORDER BY id;

-- name: kept_since
SELECT id, key, request, at FROM kept WHERE at > ? ORDER BY id;

-- name: verifications_since -- UUIDv7 begins with its time
SELECT id, app, phone_mark, purpose, created_at FROM verification WHERE id > ? ORDER BY id;

-- name: last_kept
SELECT coalesce(max(id), 0) FROM kept;

-- name: forget_hits
DELETE FROM hit WHERE id IN (SELECT id FROM hit ORDER BY id LIMIT ?) AND abs(at) < ?;

-- name: forget_kept
DELETE FROM kept WHERE id IN (SELECT id FROM kept ORDER BY id LIMIT ?) AND at < ?;

-- name: dead_verifications -- the next slice of ids, in order
SELECT id FROM verification WHERE id > ? AND id < ? ORDER BY id LIMIT ?;

-- name: wipe_codes
UPDATE verification SET code = NULL, previous = NULL
WHERE id > ? AND id <= ? AND code IS NOT NULL;

-- name: spilled
SELECT value FROM spilled WHERE day IN (?, ?) AND map = ? AND mark = ? ORDER BY day DESC LIMIT 1;

-- name: insert_spilled
INSERT INTO spilled (day, map, mark, value) VALUES (?, ?, ?, ?)
ON CONFLICT (day, map, mark) DO UPDATE SET value = excluded.value;

-- name: forget_spilled
DELETE FROM spilled WHERE (day, map, mark) IN
  (SELECT day, map, mark FROM spilled WHERE day < ? ORDER BY day, map, mark LIMIT ?);

-- name: meta
SELECT value FROM meta WHERE key = ?;

-- name: put_meta
INSERT INTO meta (key, value) VALUES (?, ?)
ON CONFLICT (key) DO UPDATE SET value = excluded.value;
