-- That a text led to what it was for: its code was filled in. Told by the app that sent it, once.
CREATE TABLE conversion (
  message INTEGER PRIMARY KEY,
  app INTEGER NOT NULL,
  at INTEGER NOT NULL -- as the app says
) STRICT;
CREATE INDEX conversion_of ON conversion (app, message);

-- A key that may have leaked: its calls are refused until a person releases it.
ALTER TABLE secret_key ADD COLUMN held INTEGER NOT NULL DEFAULT 0;

-- What the containers of an environment may call without the secret of their mini program.
ALTER TABLE environment ADD COLUMN opens_apis INTEGER NOT NULL DEFAULT 1;
ALTER TABLE environment ADD COLUMN opened_at INTEGER NOT NULL DEFAULT 0; -- tokens from before are not good
ALTER TABLE environment ADD COLUMN apis TEXT NOT NULL DEFAULT '["/*"]'; -- paths
ALTER TABLE environment ADD COLUMN apis_version INTEGER NOT NULL DEFAULT 1; -- of these three
