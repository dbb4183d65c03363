-- name: insert_conversion -- of an app's text; the first that was told stays. Whether it is one
WITH known AS (
  SELECT id, app FROM message WHERE id = $1 AND app = $2
), kept AS (
  INSERT INTO conversion (message, app, at) SELECT id, app, $3 FROM known ON CONFLICT DO NOTHING
)
SELECT EXISTS (SELECT 1 FROM known);
