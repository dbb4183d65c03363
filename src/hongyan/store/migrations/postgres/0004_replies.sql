-- Replies, and results that wait to be pulled. In the order of locks owed_reply comes after report.

CREATE TABLE reply (
  id BIGINT PRIMARY KEY,
  account BIGINT NOT NULL,
  app BIGINT NOT NULL, -- which had last texted its sender
  phone_mark BIGINT NOT NULL,
  sealed BYTEA NOT NULL, -- phone, text, signature, extend
  at BIGINT NOT NULL
);
CREATE INDEX reply_of_phone ON reply (app, phone_mark, at, id);

-- Replies that apps are still to be told of. A row goes when its app has it.
CREATE TABLE owed_reply (
  reply BIGINT PRIMARY KEY,
  app BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  failure TEXT NOT NULL DEFAULT '', -- of the last attempt
  given_up BOOLEAN NOT NULL DEFAULT false -- by whoever tells; it may still be asked for
) WITH (fillfactor = 70);
CREATE INDEX owed_reply_due ON owed_reply (app, due_at, reply) WHERE NOT given_up;
CREATE INDEX owed_reply_given_up ON owed_reply (app, reply) WHERE given_up;

-- Given up by whoever tells: it may still be asked for.
CREATE INDEX report_to_pull ON report (app, message) WHERE given_up;
