-- name: known_as -- the first condition is the index's
SELECT upstream_id, message FROM attempt
WHERE provider IN ('tencent') AND provider = ? AND upstream_id IN (SELECT value FROM json_each(?));
