-- name: version
SELECT value FROM meta WHERE key = 'directory_version';

-- name: raise_version
INSERT INTO meta (key, value) VALUES ('directory_version', 1)
ON CONFLICT (key) DO UPDATE SET value = value + 1;

-- name: dev_secrets
SELECT value FROM meta WHERE key = 'dev_secrets';

-- name: put_dev_secrets
INSERT INTO meta (key, value) VALUES ('dev_secrets', ?)
ON CONFLICT (key) DO UPDATE SET value = excluded.value;
