-- name: lease_number -- one that nobody has had lately: one never used, else the longest unused
WITH clock AS (SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now)
INSERT INTO writer (number, holder, until)
SELECT n, $1, clock.now + $2
FROM clock CROSS JOIN generate_series(0, 1023) AS n LEFT JOIN writer AS w ON w.number = n
WHERE w.until IS NULL OR w.until <= clock.now - $3
ORDER BY w.until NULLS FIRST, n LIMIT 1
ON CONFLICT (number) DO UPDATE SET holder = excluded.holder, until = excluded.until
WHERE writer.until <= excluded.until - $2 - $3
RETURNING number;

-- name: renew_number
UPDATE writer SET until = (extract(epoch FROM clock_timestamp()) * 1000)::bigint + $3
WHERE number = $1 AND holder = $2;
