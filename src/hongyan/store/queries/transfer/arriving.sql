-- name: columns
SELECT c.relname::text AS table, a.attname::text AS name, format_type(a.atttypid, NULL) AS type,
       a.attidentity <> '' AS counts,
       coalesce(array_position(i.indkey::int[], a.attnum::int), -1) AS key
FROM pg_class AS c
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_index AS i ON i.indrelid = c.oid AND i.indisprimary
WHERE c.relnamespace = to_regnamespace(current_schema()) AND c.relkind IN ('r', 'p')
ORDER BY c.relname, a.attnum;

-- name: encoding
SELECT getdatabaseencoding();

-- name: sizes
SELECT pg_table_size($1::text::regclass);

-- name: server_time
SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint;

-- name: be_patient -- so long at most, within this transaction
SELECT set_config('lock_timeout', $1, true);

-- name: take_passage -- for as long as this connection lives
SELECT pg_advisory_lock($1);

-- name: is_served -- a lease of a number goes by this clock
SELECT EXISTS (SELECT 1 FROM writer WHERE until > extract(epoch FROM clock_timestamp()) * 1000);

-- name: broken_books
SELECT a.id FROM account AS a LEFT JOIN ledger AS l ON l.account = a.id
GROUP BY a.id, a.balance HAVING a.balance <> coalesce(sum(l.units), 0);

-- name: note
SELECT value FROM meta WHERE key = $1;

-- name: put_note
INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value;

-- name: drop_note
DELETE FROM meta WHERE key = $1;

-- name: put_meta
INSERT INTO meta (key, number, value) VALUES ($1, $2, $3)
ON CONFLICT (key) DO UPDATE SET number = excluded.number, value = excluded.value;

-- name: hold_back_all -- what waits becomes what may have been sent; the first sweeps do the rest
UPDATE outbox
SET status = 'sending', token = 1, lease_until = 0, due_at = 0, attempts = attempts + 1, attempt_at = $1,
    first_attempt_at = CASE first_attempt_at WHEN 0 THEN $1 ELSE first_attempt_at END
WHERE status IN ('queued', 'claimed');

-- name: forget_whom_all -- another provider may have had it since: this one must not be asked about it
UPDATE outbox SET provider = 'unknown' WHERE status = 'sending';

-- name: end_leases_now -- whoever had them is gone
UPDATE outbox SET lease_until = 0 WHERE status IN ('claimed', 'sending');

-- name: tell_of_tasks_there -- after which line nobody knows what was sent
INSERT INTO task_line (task, line, message, reason)
SELECT id, line + 1, 0, $1 FROM task WHERE ended_at = 0;

-- name: end_tasks_there
UPDATE task SET ended_at = $1 WHERE ended_at = 0;
