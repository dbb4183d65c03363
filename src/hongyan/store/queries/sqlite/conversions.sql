-- name: insert_conversion -- of an app's text; the first that was told stays
INSERT INTO conversion (message, app, at) SELECT id, app, ?3 FROM message WHERE id = ?1 AND app = ?2
ON CONFLICT DO NOTHING;

-- name: is_text_of
SELECT 1 FROM message WHERE id = ? AND app = ?;

-- name: converted
SELECT at FROM conversion WHERE message = ?;
