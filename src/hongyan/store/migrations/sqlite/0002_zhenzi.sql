-- Apps that call us through a protocol of others, under a name and with a secret of that protocol.

CREATE TABLE app_name (
  protocol TEXT NOT NULL,
  name TEXT NOT NULL,
  app INTEGER NOT NULL REFERENCES app (id),
  PRIMARY KEY (protocol, name)
) STRICT, WITHOUT ROWID;

ALTER TABLE app ADD COLUMN signature TEXT NOT NULL DEFAULT ''; -- of free texts
ALTER TABLE app ADD COLUMN free_text INTEGER NOT NULL DEFAULT 1;
ALTER TABLE app ADD COLUMN refuses_meaningless INTEGER NOT NULL DEFAULT 0;
ALTER TABLE app ADD COLUMN networks TEXT NOT NULL DEFAULT '[]'; -- where it may call from
ALTER TABLE app ADD COLUMN client_windows TEXT NOT NULL DEFAULT '[]'; -- limits per user of the app
ALTER TABLE app ADD COLUMN callback TEXT NOT NULL DEFAULT '';
ALTER TABLE app ADD COLUMN sealed_callback_secret BLOB;

-- api_key as before, with one more kind.
CREATE TABLE new_api_key (
  hash BLOB PRIMARY KEY,
  app INTEGER NOT NULL REFERENCES app (id),
  kind TEXT NOT NULL CHECK (kind IN ('secret', 'publishable', 'app_secret')),
  hint TEXT NOT NULL, -- the beginning and the last letters, to tell keys apart
  purposes TEXT NOT NULL DEFAULT '[]',
  origins TEXT NOT NULL DEFAULT '[]',
  created_at INTEGER NOT NULL,
  ended_at INTEGER
) STRICT, WITHOUT ROWID;
INSERT INTO new_api_key SELECT * FROM api_key;
DROP TABLE api_key;
ALTER TABLE new_api_key RENAME TO api_key;

-- Templates are submitted, then approved or rejected; those of before were approved as they were.
ALTER TABLE template ADD COLUMN review TEXT NOT NULL DEFAULT 'approved'
  CHECK (review IN ('submitted', 'approved', 'rejected'));
ALTER TABLE template ADD COLUMN reason TEXT NOT NULL DEFAULT '';

-- What an app calls its messages (marks of it: the clear text stands in the message, sealed): in the
-- order of time while the recent window is rebuilt from it, then filed by day.
CREATE TABLE reference (
  message INTEGER PRIMARY KEY,
  mark INTEGER NOT NULL
) STRICT;

CREATE TABLE filed_reference (
  day INTEGER NOT NULL,
  mark INTEGER NOT NULL,
  message INTEGER NOT NULL,
  PRIMARY KEY (day, mark, message)
) STRICT, WITHOUT ROWID;

-- What an app should know of a message of its own.
CREATE TABLE warning (
  message INTEGER PRIMARY KEY,
  word TEXT NOT NULL
) STRICT;

-- Status reports that apps are owed. A row goes when its app has taken it.
CREATE TABLE report (
  message INTEGER PRIMARY KEY,
  app INTEGER NOT NULL,
  status TEXT -- NULL until the message has ended
    CHECK (status IN ('delivered', 'undelivered', 'rejected', 'expired', 'closed')),
  due_at INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  failure TEXT NOT NULL DEFAULT '', -- of the last attempt
  given_up INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX report_due ON report (app, due_at) WHERE status IS NOT NULL AND NOT given_up;
CREATE INDEX report_given_up ON report (message) WHERE given_up;

-- Messages whose provider must be asked what became of them.
CREATE TABLE inquiry (
  message INTEGER PRIMARY KEY,
  provider TEXT NOT NULL,
  doubt INTEGER NOT NULL, -- whether the provider may never have got it; these are asked about first
  asked INTEGER NOT NULL DEFAULT 0, -- how often
  due_at INTEGER NOT NULL
) STRICT;
CREATE INDEX inquiry_due ON inquiry (provider, doubt, due_at);
