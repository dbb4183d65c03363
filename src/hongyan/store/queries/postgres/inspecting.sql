-- name: time -- in microseconds; for the clocks of all processes, and for nothing else
SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;

-- name: last_message
SELECT coalesce(max(id), 0) FROM message;

-- name: books -- must be zero rows: an account whose balance is not the sum of its ledger
SELECT a.id
FROM account AS a
WHERE a.balance <> coalesce((SELECT sum(l.units) FROM ledger AS l WHERE l.account = a.id), 0)
ORDER BY a.id;

-- name: touch_log -- a commit that changes nothing, and still waits for the disk
SELECT pg_logical_emit_message(true, 'hongyan', '');
