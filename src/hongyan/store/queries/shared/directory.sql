-- name: accounts
SELECT id, name, kind, open FROM account;

-- name: apps
SELECT id, name, title, account, enabled, template, countries, windows, signature, free_text,
       refuses_meaningless, networks, client_windows, callback, sealed_callback_secret,
       callback_form, content_windows, opens_min, closes_min, sealed_tencent, wechat, caps
FROM app;

-- name: app_names
SELECT protocol, name, app FROM app_name;

-- name: insert_app_name
INSERT INTO app_name (protocol, name, app) VALUES (?, ?, ?);

-- name: open_account
UPDATE account SET open = ? WHERE id = ?;

-- name: keys
SELECT hash, app, kind, hint, purposes, origins, ended_at FROM api_key;

-- name: signatures
SELECT id, account, name, scope FROM signature;

-- name: templates
SELECT id, name, account, kind, signature, body, review, reason, scope FROM template;

-- name: routes
SELECT kind, providers FROM route;

-- name: insert_account
INSERT INTO account (name, kind, created_at) VALUES (?, ?, ?) RETURNING id;

-- name: insert_package
INSERT INTO package (account, units, note, bought_at) VALUES (?, ?, ?, ?);

-- name: insert_app
INSERT INTO app (account, name, title, created_at) VALUES (?, ?, ?, ?) RETURNING id;

-- name: change_app
UPDATE app
SET enabled = ?, template = ?, countries = ?, windows = ?, signature = ?, free_text = ?,
    refuses_meaningless = ?, networks = ?, client_windows = ?, callback = ?,
    sealed_callback_secret = ?, callback_form = ?, content_windows = ?, opens_min = ?,
    closes_min = ?, sealed_tencent = ?, wechat = ?, caps = ?
WHERE id = ?;

-- name: insert_key
INSERT INTO api_key (hash, app, kind, hint, purposes, origins, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (hash) DO UPDATE SET purposes = excluded.purposes, origins = excluded.origins;

-- name: end_key
UPDATE api_key SET ended_at = ? WHERE app = ? AND hint = ? AND (ended_at IS NULL OR ended_at > ?);

-- name: insert_signature
INSERT INTO signature (account, name, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING;

-- name: scope_signature
UPDATE signature SET scope = ? WHERE account = ? AND name = ?;

-- name: remove_signature
DELETE FROM signature WHERE account = ? AND name = ?;

-- name: insert_template
INSERT INTO template (account, name, kind, signature, body, review, created_at, scope)
VALUES (?, ?, ?, ?, ?, 'submitted', ?, ?) RETURNING id;

-- name: review_template
UPDATE template SET review = ?, reason = ? WHERE id = ?;

-- name: put_route
INSERT INTO route (kind, providers) VALUES (?, ?)
ON CONFLICT (kind) DO UPDATE SET providers = excluded.providers;

-- name: signing_keys -- oldest first
SELECT id, sealed_private, created_at FROM signing_key ORDER BY created_at, id;

-- name: insert_signing_key
INSERT INTO signing_key (id, sealed_private, created_at) VALUES (?, ?, ?);

-- name: forget_signing_keys -- those that a newer one had replaced before a moment
DELETE FROM signing_key WHERE EXISTS
  (SELECT 1 FROM signing_key AS newer
   WHERE newer.created_at > signing_key.created_at AND newer.created_at < ?);
