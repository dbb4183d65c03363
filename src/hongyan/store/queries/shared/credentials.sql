-- name: secret_keys
SELECT id, account, sealed_secret, sealed_token, networks, created_at, ended_at, held
FROM secret_key;

-- name: insert_secret_key
INSERT INTO secret_key (id, account, sealed_secret, sealed_token, networks, created_at, ended_at)
VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: restrict_secret_key
UPDATE secret_key SET networks = ? WHERE id = ?;

-- name: hold_secret_key
UPDATE secret_key SET held = ? WHERE id = ?;

-- name: end_secret_key
UPDATE secret_key SET ended_at = ? WHERE id = ? AND (ended_at IS NULL OR ended_at > ?);

-- name: use_secret_key
UPDATE secret_key SET used_at = ? WHERE id = ? AND used_at < ?;

-- name: uses_of_secret_keys
SELECT id, used_at FROM secret_key WHERE used_at > 0;

-- name: environments
SELECT id, app, has_website, opens_apis, opened_at, apis, apis_version FROM environment;

-- name: put_environment -- of another app it stays what it is
INSERT INTO environment (id, app, has_website, opens_apis, opened_at, apis, apis_version)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE
SET has_website = excluded.has_website, opens_apis = excluded.opens_apis,
    opened_at = excluded.opened_at, apis = excluded.apis, apis_version = excluded.apis_version
WHERE environment.app = excluded.app;

-- name: cloud_tokens
SELECT hash, app, environment, permissions, hint, ended_at FROM cloud_token;

-- name: insert_cloud_token
INSERT INTO cloud_token (hash, app, environment, permissions, hint, created_at)
VALUES (?, ?, ?, ?, ?, ?);

-- name: end_cloud_token
UPDATE cloud_token SET ended_at = ?
WHERE app = ? AND hint = ? AND (ended_at IS NULL OR ended_at > ?);

-- name: tickets
SELECT component, hash, at FROM ticket;

-- name: put_ticket
INSERT INTO ticket (component, hash, at) VALUES (?, ?, ?)
ON CONFLICT (component) DO UPDATE SET hash = excluded.hash, at = excluded.at;

-- name: authorisations
SELECT component, app, rights, code_hash, refresh_hash FROM authorisation;

-- name: put_authorisation
INSERT INTO authorisation (component, app, rights, code_hash, refresh_hash, at)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (component, app) DO UPDATE
SET rights = excluded.rights, code_hash = excluded.code_hash,
    refresh_hash = excluded.refresh_hash, at = excluded.at;

-- name: drop_authorisation
DELETE FROM authorisation WHERE component = ? AND app = ?;

-- name: grants
SELECT kind, owner, third_party, number, issued_at, previous_until, forced, forced_at
FROM token_grant;

-- name: grant
SELECT number, issued_at, previous_until, forced, forced_at
FROM token_grant WHERE kind = ? AND owner = ? AND third_party = ?;

-- name: put_grant
INSERT INTO token_grant
  (kind, owner, third_party, number, issued_at, previous_until, forced, forced_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (kind, owner, third_party) DO UPDATE
SET number = excluded.number, issued_at = excluded.issued_at,
    previous_until = excluded.previous_until, forced = excluded.forced,
    forced_at = excluded.forced_at;

-- name: insert_audit
INSERT INTO audit (at, who, action, subject, detail) VALUES (?, ?, ?, ?, ?);

-- name: audits -- newest first
SELECT at, who, action, subject, detail FROM audit ORDER BY id DESC LIMIT ?;

-- name: audits_of
SELECT at, who, action, subject, detail FROM audit WHERE subject = ? ORDER BY id DESC LIMIT ?;
