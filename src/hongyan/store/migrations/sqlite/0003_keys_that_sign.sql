-- Keys that sign calls, and what the protocols of others must know of an app.

ALTER TABLE app ADD COLUMN content_windows TEXT NOT NULL DEFAULT '[]'; -- limits of the same text to a number
ALTER TABLE app ADD COLUMN opens_min INTEGER NOT NULL DEFAULT 480; -- its marketing's hours, in Beijing
ALTER TABLE app ADD COLUMN closes_min INTEGER NOT NULL DEFAULT 1320;
ALTER TABLE app ADD COLUMN callback_form TEXT NOT NULL DEFAULT 'zhenzi'
  CHECK (callback_form IN ('zhenzi', 'tencent'));
ALTER TABLE app ADD COLUMN sealed_tencent BLOB; -- JSON; NULL where it is not known in that protocol
ALTER TABLE app ADD COLUMN wechat TEXT; -- likewise; nothing in it is secret

-- Where texts may go: 0 mainland, 1 abroad, 3 both.
ALTER TABLE signature ADD COLUMN scope INTEGER NOT NULL DEFAULT 3 CHECK (scope IN (0, 1, 3));
ALTER TABLE template ADD COLUMN scope INTEGER NOT NULL DEFAULT 0 CHECK (scope IN (0, 1, 3));

-- Keys that sign: the secret must be known, so it is sealed and not hashed.
CREATE TABLE secret_key (
  id TEXT PRIMARY KEY, -- the SecretId
  account INTEGER NOT NULL REFERENCES account (id),
  sealed_secret BLOB NOT NULL,
  sealed_token BLOB, -- of temporary credentials
  networks TEXT NOT NULL DEFAULT '[]', -- where it may be used from
  created_at INTEGER NOT NULL,
  ended_at INTEGER,
  used_at INTEGER NOT NULL DEFAULT 0 -- last; to the minute or so
) STRICT, WITHOUT ROWID;

-- CloudBase environments: websites that links lead to.
CREATE TABLE environment (
  id TEXT PRIMARY KEY,
  app INTEGER NOT NULL REFERENCES app (id),
  has_website INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What a cloud function shows that calls: of which environment it is, and which APIs it may call.
CREATE TABLE cloud_token (
  hash BLOB PRIMARY KEY,
  app INTEGER NOT NULL REFERENCES app (id),
  environment TEXT NOT NULL,
  permissions TEXT NOT NULL,
  hint TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  ended_at INTEGER
) STRICT, WITHOUT ROWID;

-- Third parties: apps that act for others which have authorised them.
CREATE TABLE ticket (
  component INTEGER PRIMARY KEY REFERENCES app (id),
  hash BLOB NOT NULL,
  at INTEGER NOT NULL
) STRICT;

CREATE TABLE authorisation (
  component INTEGER NOT NULL REFERENCES app (id),
  app INTEGER NOT NULL REFERENCES app (id),
  rights TEXT NOT NULL,
  code_hash BLOB NOT NULL, -- empty once it was used
  refresh_hash BLOB NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (component, app)
) STRICT, WITHOUT ROWID;

-- Access tokens that were given out: which is the newest of its kind and owner.
CREATE TABLE token_grant (
  kind INTEGER NOT NULL,
  owner INTEGER NOT NULL REFERENCES app (id),
  third_party INTEGER NOT NULL, -- 0 for none
  number INTEGER NOT NULL,
  issued_at INTEGER NOT NULL,
  previous_until INTEGER NOT NULL,
  forced INTEGER NOT NULL,
  forced_at INTEGER NOT NULL,
  PRIMARY KEY (kind, owner, third_party)
) STRICT, WITHOUT ROWID;

-- Who decided what. Nothing personal stands here, and no secret.
CREATE TABLE audit (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  who TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;
CREATE INDEX audit_subject ON audit (subject);
