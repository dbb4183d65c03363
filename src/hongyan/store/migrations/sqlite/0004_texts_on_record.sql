-- What is kept of texts beside the texts themselves.

-- Whoever wants no marketing of an account. The mark is of both.
CREATE TABLE opt_out (
  mark INTEGER PRIMARY KEY,
  at INTEGER NOT NULL
) STRICT;

-- Short links that stand in texts, until they end. Who knows the 63 random bits may open one; clicks are
-- counted, and nothing more is known of them.
CREATE TABLE link (
  id INTEGER PRIMARY KEY,
  message INTEGER NOT NULL,
  sealed BLOB NOT NULL, -- the website and its page
  until INTEGER NOT NULL,
  opened INTEGER NOT NULL DEFAULT 0, -- how often
  opened_at INTEGER NOT NULL DEFAULT 0 -- first
) STRICT;
CREATE INDEX link_message ON link (message); -- grows at one end

-- What was asked for: a row a batch and app, until it is added to its hour. So no batch waits for another.
CREATE TABLE tally (
  id INTEGER PRIMARY KEY,
  app INTEGER NOT NULL,
  hour INTEGER NOT NULL, -- its first moment
  requests INTEGER NOT NULL, -- numbers, refused ones among them
  accepted INTEGER NOT NULL,
  units INTEGER NOT NULL -- segments of those
) STRICT;

CREATE TABLE hour_tally (
  app INTEGER NOT NULL,
  hour INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  accepted INTEGER NOT NULL,
  units INTEGER NOT NULL,
  PRIMARY KEY (app, hour)
) STRICT, WITHOUT ROWID;

-- Texts of apps that others' protocols know, by number: filed behind, in the order of their marks.
CREATE TABLE filed_text (
  app INTEGER NOT NULL,
  day INTEGER NOT NULL,
  mark INTEGER NOT NULL,
  message INTEGER NOT NULL,
  PRIMARY KEY (app, day, mark, message)
) STRICT, WITHOUT ROWID;

-- The same in the order of time.
CREATE TABLE app_text (
  app INTEGER NOT NULL,
  message INTEGER NOT NULL,
  PRIMARY KEY (app, message)
) STRICT, WITHOUT ROWID;
