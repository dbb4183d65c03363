-- That a text led to what it was for: its code was filled in. Told by the app that sent it, once, in a
-- transaction that locks nothing else.
CREATE TABLE conversion (
  message BIGINT PRIMARY KEY,
  app BIGINT NOT NULL,
  at BIGINT NOT NULL -- as the app says
);
CREATE INDEX conversion_of ON conversion (app, message);

-- A key that may have leaked: its calls are refused until a person releases it.
ALTER TABLE secret_key ADD COLUMN held BOOLEAN NOT NULL DEFAULT FALSE;

-- What the containers of an environment may call without the secret of their mini program.
ALTER TABLE environment ADD COLUMN opens_apis BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE environment ADD COLUMN opened_at BIGINT NOT NULL DEFAULT 0; -- tokens from before are not good
ALTER TABLE environment ADD COLUMN apis TEXT NOT NULL DEFAULT '["/*"]'; -- paths
ALTER TABLE environment ADD COLUMN apis_version INTEGER NOT NULL DEFAULT 1; -- of these three
