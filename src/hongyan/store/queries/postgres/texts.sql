-- name: opt_outs
SELECT mark FROM opt_out WHERE mark = ANY($1::bigint[]);

-- name: insert_links
INSERT INTO link (id, message, sealed, until)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bigint[]);

-- name: open_link -- one that is good
UPDATE link AS l
SET opened = opened + 1, opened_at = CASE opened WHEN 0 THEN $2 ELSE opened_at END
WHERE id = $1 AND until > $2
RETURNING id, message, sealed, until, (SELECT app FROM message AS m WHERE m.id = l.message), opened;

-- name: forget_links
DELETE FROM link WHERE id = ANY(ARRAY(
  SELECT id FROM link WHERE message < $1 ORDER BY message LIMIT $2 FOR UPDATE SKIP LOCKED
));

-- name: insert_tallies
INSERT INTO tally (app, hour, requests, accepted, units)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[]);

-- name: sum_tallies -- add what batches have counted to its hours; how much that was
WITH taken AS (
  DELETE FROM tally WHERE id = ANY(ARRAY(SELECT id FROM tally ORDER BY id LIMIT $1))
  RETURNING app, hour, requests, accepted, units
), added AS (
  INSERT INTO hour_tally (app, hour, requests, accepted, units)
  SELECT app, hour, sum(requests), sum(accepted), sum(units) FROM taken GROUP BY app, hour
  ON CONFLICT (app, hour) DO UPDATE
  SET requests = hour_tally.requests + excluded.requests,
      accepted = hour_tally.accepted + excluded.accepted, units = hour_tally.units + excluded.units
)
SELECT count(*) FROM taken;

-- name: tally
SELECT coalesce(sum(requests), 0)::bigint, coalesce(sum(accepted), 0)::bigint,
       coalesce(sum(units), 0)::bigint
FROM (
  SELECT requests, accepted, units FROM hour_tally WHERE app = $1 AND hour >= $2 AND hour < $3
  UNION ALL
  SELECT requests, accepted, units FROM tally WHERE app = $1 AND hour >= $2 AND hour < $3
) AS hours;

-- name: texts_filed_to -- no message up to here is still to be filed
SELECT number FROM meta WHERE key = 'texts_filed_to';

-- name: put_texts_filed_to
INSERT INTO meta (key, number) VALUES ('texts_filed_to', $1)
ON CONFLICT (key) DO UPDATE SET number = excluded.number;

-- name: texts_to_file -- the next slice of messages, of whatever app
SELECT id, app, phone_mark FROM message WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3;

-- name: file_texts
INSERT INTO filed_text (app, day, mark, message)
SELECT * FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::bigint[]) ON CONFLICT DO NOTHING;

-- name: file_app_texts
INSERT INTO app_text (app, message)
SELECT * FROM unnest($1::bigint[], $2::bigint[]) ON CONFLICT DO NOTHING;

-- Lists look into what is filed, up to where it is, and from there on into the messages themselves. Each
-- does so in one statement, so that nothing is missed that is filed meanwhile.

-- name: texts_to -- newest first; the days that the app has are looked into one by one
WITH filed AS (
  SELECT coalesce((SELECT number FROM meta WHERE key = 'texts_filed_to'), 0) AS upto
), found AS (
  SELECT f.message
  FROM generate_series(least($5::bigint, (SELECT max(day) FROM filed_text WHERE app = $1)),
                       greatest($6::bigint, (SELECT min(day) FROM filed_text WHERE app = $1)), -1)
    AS d (day)
  CROSS JOIN LATERAL (
    SELECT t.message FROM filed_text AS t
    WHERE t.app = $1 AND t.day = d.day::integer AND t.mark = $2 AND t.message >= $3 AND t.message < $4
      AND t.message <= (SELECT upto FROM filed)
    ORDER BY t.message DESC LIMIT $7
  ) AS f
  UNION ALL
  SELECT id FROM message
  WHERE id > (SELECT upto FROM filed) AND id >= $3 AND id < $4 AND app = $1 AND phone_mark = $2
), newest AS (
  SELECT message FROM found ORDER BY message DESC LIMIT $7
)
SELECT m.id, m.kind, m.template, m.sealed, m.masked, m.units, coalesce(m.status, o.status),
       m.accepted_at, m.expires_at, coalesce(m.settled_at, 0), coalesce(m.receipt_code, '')
FROM newest AS n JOIN message AS m ON m.id = ANY(ARRAY[n.message])
LEFT JOIN outbox AS o ON o.id = ANY(ARRAY[n.message])
ORDER BY n.message DESC;

-- name: count_texts -- as far as it is worth counting
WITH filed AS (
  SELECT coalesce((SELECT number FROM meta WHERE key = 'texts_filed_to'), 0) AS upto
)
SELECT count(*) FROM (
  SELECT 1 FROM app_text
  WHERE app = $1 AND message >= $2 AND message < $3 AND message <= (SELECT upto FROM filed)
  UNION ALL
  SELECT 1 FROM message
  WHERE id > (SELECT upto FROM filed) AND id >= $2 AND id < $3 AND app = $1
  LIMIT $4
) AS found;

-- name: texts -- a page, newest first
WITH filed AS (
  SELECT coalesce((SELECT number FROM meta WHERE key = 'texts_filed_to'), 0) AS upto
), page AS (
  SELECT message FROM (
    (SELECT message FROM app_text
     WHERE app = $1 AND message >= $2 AND message < $3 AND message <= (SELECT upto FROM filed)
     ORDER BY message DESC LIMIT $4::bigint + $5)
    UNION ALL
    (SELECT id FROM message
     WHERE id > (SELECT upto FROM filed) AND id >= $2 AND id < $3 AND app = $1
     ORDER BY id DESC LIMIT $4::bigint + $5)
  ) AS found
  ORDER BY message DESC LIMIT $5 OFFSET $4
)
SELECT m.id, m.kind, m.template, m.sealed, m.masked, m.units, coalesce(m.status, o.status),
       m.accepted_at, m.expires_at, coalesce(m.settled_at, 0), coalesce(m.receipt_code, '')
FROM page AS p JOIN message AS m ON m.id = ANY(ARRAY[p.message])
LEFT JOIN outbox AS o ON o.id = ANY(ARRAY[p.message])
ORDER BY p.message DESC;

-- name: ends -- of the next slice of an app's texts, oldest first
WITH filed AS (
  SELECT coalesce((SELECT number FROM meta WHERE key = 'texts_filed_to'), 0) AS upto
), slice AS (
  SELECT message FROM (
    (SELECT message FROM app_text
     WHERE app = $1 AND message >= $2 AND message < $3 AND message <= (SELECT upto FROM filed)
     ORDER BY message LIMIT $4)
    UNION ALL
    (SELECT id FROM message
     WHERE id > (SELECT upto FROM filed) AND id >= $2 AND id < $3 AND app = $1
     ORDER BY id LIMIT $4)
  ) AS found
  ORDER BY message LIMIT $4
)
SELECT coalesce(m.status, o.status), coalesce(m.receipt_code, ''), count(*), max(m.id)
FROM slice AS s JOIN message AS m ON m.id = ANY(ARRAY[s.message])
LEFT JOIN outbox AS o ON o.id = ANY(ARRAY[s.message])
GROUP BY 1, 2;
