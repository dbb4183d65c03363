-- name: lock_totals -- whoever waited for one sees what stands in it then
SELECT total, sent FROM daily_total WHERE total = ANY($1::bigint[]) ORDER BY total FOR UPDATE;

-- name: make_totals -- once a day each
INSERT INTO daily_total (total, sent)
SELECT u.total, 0 FROM unnest($1::bigint[]) AS u (total) ON CONFLICT DO NOTHING;

-- name: add_to_totals -- or, below 0, give back
UPDATE daily_total AS d SET sent = d.sent + u.sent
FROM unnest($1::bigint[], $2::bigint[]) AS u (total, sent)
WHERE d.total = ANY(ARRAY[u.total]);

-- name: forget_totals
DELETE FROM daily_total WHERE total = ANY(ARRAY(
  SELECT total FROM daily_total WHERE total < $1 ORDER BY total LIMIT $2 FOR UPDATE SKIP LOCKED
));
