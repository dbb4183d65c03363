-- name: try_upkeep -- one process at a time lets go of what is past; the others need not wait for it
SELECT pg_try_advisory_xact_lock($1);

-- name: forget_histories
DELETE FROM history WHERE mark = ANY(ARRAY(
  SELECT mark FROM history WHERE touched_at < $1 ORDER BY touched_at LIMIT $2 FOR UPDATE SKIP LOCKED
));

-- name: forget_kept
DELETE FROM kept WHERE key = ANY(ARRAY(
  SELECT key FROM kept WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED
));

-- name: forget_currents
DELETE FROM current_verification WHERE mark = ANY(ARRAY(
  SELECT mark FROM current_verification WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED
));

-- name: forget_batches -- their ids begin with their time
DELETE FROM batch WHERE id = ANY(ARRAY(
  SELECT id FROM batch WHERE id < $1 ORDER BY id LIMIT $2
));

-- name: take_references
DELETE FROM reference WHERE mark = ANY(ARRAY(
  SELECT mark FROM reference WHERE message < $1 ORDER BY message LIMIT $2 FOR UPDATE SKIP LOCKED
))
RETURNING mark, message;

-- name: file_references
INSERT INTO filed_reference (day, mark, message)
SELECT * FROM unnest($1::integer[], $2::bigint[], $3::bigint[]) ON CONFLICT DO NOTHING;

-- name: codes_wiped_to -- no verification up to here has a code
SELECT value FROM meta WHERE key = 'codes_wiped_to';

-- name: put_codes_wiped_to
INSERT INTO meta (key, value) VALUES ('codes_wiped_to', $1)
ON CONFLICT (key) DO UPDATE SET value = excluded.value;

-- name: dead_verifications -- the next slice of ids, in order
SELECT id FROM verification WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3;

-- name: wipe_codes
UPDATE verification SET code = NULL, previous = NULL
WHERE id > $1 AND id <= $2 AND code IS NOT NULL;
