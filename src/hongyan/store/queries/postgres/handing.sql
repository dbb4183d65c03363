-- name: known_as -- the first condition is the index's
SELECT upstream_id, message FROM attempt
WHERE provider IN ('tencent') AND provider = $1 AND upstream_id = ANY($2::text[]);
