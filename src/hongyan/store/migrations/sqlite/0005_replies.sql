-- Replies, and results that wait to be pulled.

CREATE TABLE reply (
  id INTEGER PRIMARY KEY,
  account INTEGER NOT NULL,
  app INTEGER NOT NULL, -- which had last texted its sender
  phone_mark INTEGER NOT NULL,
  sealed BLOB NOT NULL, -- phone, text, signature, extend
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX reply_of_phone ON reply (app, phone_mark, at);

-- Replies that apps are still to be told of. A row goes when its app has it.
CREATE TABLE owed_reply (
  reply INTEGER PRIMARY KEY,
  app INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  failure TEXT NOT NULL DEFAULT '', -- of the last attempt
  given_up INTEGER NOT NULL DEFAULT 0 -- by whoever tells; it may still be asked for
) STRICT;
CREATE INDEX owed_reply_due ON owed_reply (app, due_at) WHERE NOT given_up;
CREATE INDEX owed_reply_given_up ON owed_reply (app, reply) WHERE given_up;

-- Given up by whoever tells: it may still be asked for.
CREATE INDEX report_to_pull ON report (app, message) WHERE given_up;
