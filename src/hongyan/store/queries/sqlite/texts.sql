-- name: opt_out
SELECT 1 FROM opt_out WHERE mark = ?;

-- name: insert_link
INSERT INTO link (id, message, sealed, until) VALUES (?, ?, ?, ?);

-- name: open_link -- one that is good
UPDATE link SET opened = opened + 1, opened_at = iif(opened = 0, ?2, opened_at)
WHERE id = ?1 AND until > ?2
RETURNING id, message, sealed, until, opened;

-- name: app_of
SELECT app FROM message WHERE id = ?;

-- name: clicks -- how many, and when the first was
SELECT sum(opened), min(opened_at) FROM link WHERE message = ? AND opened > 0;

-- name: forget_links
DELETE FROM link WHERE id IN (SELECT id FROM link WHERE message < ? ORDER BY message LIMIT ?);

-- name: insert_tally
INSERT INTO tally (app, hour, requests, accepted, units) VALUES (?, ?, ?, ?, ?);

-- name: take_tallies
DELETE FROM tally WHERE id IN (SELECT id FROM tally ORDER BY id LIMIT ?)
RETURNING app, hour, requests, accepted, units;

-- name: add_tally
INSERT INTO hour_tally (app, hour, requests, accepted, units) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (app, hour) DO UPDATE
SET requests = requests + excluded.requests, accepted = accepted + excluded.accepted,
    units = units + excluded.units;

-- name: tally
SELECT coalesce(sum(requests), 0), coalesce(sum(accepted), 0), coalesce(sum(units), 0) FROM (
  SELECT requests, accepted, units FROM hour_tally WHERE app = ?1 AND hour >= ?2 AND hour < ?3
  UNION ALL
  SELECT requests, accepted, units FROM tally WHERE app = ?1 AND hour >= ?2 AND hour < ?3
);

-- name: texts_to_file -- the next slice of messages, of whatever app
SELECT id, app, phone_mark FROM message WHERE id > ? AND id < ? ORDER BY id LIMIT ?;

-- name: file_text
INSERT INTO filed_text (app, day, mark, message) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: file_app_text
INSERT INTO app_text (app, message) VALUES (?, ?) ON CONFLICT DO NOTHING;

-- Lists look into what is filed, up to where it is, and from there on into the messages themselves. Each
-- does so in one statement, so that nothing is missed that is filed meanwhile.

-- name: texts_to -- newest first; the days that the app has are looked into one by one
WITH RECURSIVE filed (upto) AS (
  SELECT coalesce((SELECT value FROM meta WHERE key = 'texts_filed_to'), 0)
), days (day) AS (
  SELECT min(?5, (SELECT max(day) FROM filed_text WHERE app = ?1))
  UNION ALL
  SELECT day - 1 FROM days WHERE day > max(?6, (SELECT min(day) FROM filed_text WHERE app = ?1))
), found (message) AS (
  SELECT f.message FROM days CROSS JOIN filed_text AS f
  WHERE f.app = ?1 AND f.day = days.day AND f.mark = ?2 AND f.message >= ?3 AND f.message < ?4
    AND f.message <= (SELECT upto FROM filed)
  UNION ALL
  SELECT id FROM message
  WHERE id > max((SELECT upto FROM filed), ?3 - 1) AND id < ?4 AND app = ?1 AND phone_mark = ?2
)
SELECT message FROM found ORDER BY message DESC LIMIT ?7;

-- name: count_texts -- as far as it is worth counting
WITH filed (upto) AS (
  SELECT coalesce((SELECT value FROM meta WHERE key = 'texts_filed_to'), 0)
)
SELECT count(*) FROM (
  SELECT 1 FROM app_text
  WHERE app = ?1 AND message >= ?2 AND message < ?3 AND message <= (SELECT upto FROM filed)
  UNION ALL
  SELECT 1 FROM message
  WHERE id > max((SELECT upto FROM filed), ?2 - 1) AND id < ?3 AND app = ?1
  LIMIT ?4
);

-- name: texts -- a page, newest first
WITH filed (upto) AS (
  SELECT coalesce((SELECT value FROM meta WHERE key = 'texts_filed_to'), 0)
), found (message) AS (
  SELECT message FROM app_text
  WHERE app = ?1 AND message >= ?2 AND message < ?3 AND message <= (SELECT upto FROM filed)
  UNION ALL
  SELECT id FROM message
  WHERE id > max((SELECT upto FROM filed), ?2 - 1) AND id < ?3 AND app = ?1
)
SELECT message FROM found ORDER BY message DESC LIMIT ?5 OFFSET ?4;

-- name: text_records
SELECT m.id, m.kind, m.template, m.sealed, m.masked, m.units,
       coalesce(m.status, o.status), m.accepted_at, m.expires_at, coalesce(m.settled_at, 0),
       coalesce(m.receipt_code, '')
FROM json_each(?) AS wanted CROSS JOIN message AS m ON m.id = wanted.value
LEFT JOIN outbox AS o ON o.id = m.id
ORDER BY m.id DESC;

-- name: ends -- of the next slice of an app's texts, oldest first
WITH filed (upto) AS (
  SELECT coalesce((SELECT value FROM meta WHERE key = 'texts_filed_to'), 0)
), found (message) AS (
  SELECT message FROM app_text
  WHERE app = ?1 AND message >= ?2 AND message < ?3 AND message <= (SELECT upto FROM filed)
  UNION ALL
  SELECT id FROM message
  WHERE id > max((SELECT upto FROM filed), ?2 - 1) AND id < ?3 AND app = ?1
), slice (message) AS (
  SELECT message FROM found ORDER BY message LIMIT ?4
)
SELECT coalesce(m.status, o.status), coalesce(m.receipt_code, ''), count(*), max(m.id)
FROM slice CROSS JOIN message AS m ON m.id = slice.message LEFT JOIN outbox AS o ON o.id = m.id
GROUP BY 1, 2;
