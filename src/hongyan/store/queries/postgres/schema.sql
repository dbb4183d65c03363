-- name: lock_schema -- until the end of the transaction
SELECT pg_advisory_xact_lock($1);

-- name: create_migrations
CREATE TABLE IF NOT EXISTS hongyan_migration (
  number INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  at BIGINT NOT NULL
);

-- name: insert_migration
INSERT INTO hongyan_migration (number, name, at) VALUES ($1, $2, $3);

-- name: is_ours
SELECT to_regclass('hongyan_migration') IS NOT NULL;

-- name: some_tables -- in the schema where ours would be made
SELECT c.relname::text FROM pg_class AS c
WHERE c.relnamespace = to_regnamespace(current_schema()) AND c.relkind IN ('r', 'p', 'v', 'm')
ORDER BY c.relname LIMIT 3;

-- name: schema_version
SELECT coalesce(max(number), 0) FROM hongyan_migration;

-- name: is_unfinished
SELECT EXISTS (SELECT 1 FROM meta WHERE key = $1);

-- name: key_check
SELECT value FROM meta WHERE key = 'key_check';

-- name: put_key_check -- the first to open it says which key it has
INSERT INTO meta (key, value) VALUES ('key_check', $1) ON CONFLICT DO NOTHING;
