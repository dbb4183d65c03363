-- Files of numbers, and the tasks that text them.

CREATE TABLE upload (
  id INTEGER PRIMARY KEY, -- 63 random bits
  app INTEGER NOT NULL REFERENCES app (id),
  octets INTEGER NOT NULL DEFAULT 0, -- 0 while it is coming in
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX upload_created_at ON upload (created_at);

-- Kept until its task has ended.
CREATE TABLE upload_piece (
  upload INTEGER NOT NULL,
  number INTEGER NOT NULL, -- from 0
  sealed_content BLOB NOT NULL,
  PRIMARY KEY (upload, number)
) STRICT;

CREATE TABLE task (
  id INTEGER PRIMARY KEY, -- its upload's: one file makes one task
  app INTEGER NOT NULL REFERENCES app (id),
  environment TEXT NOT NULL,
  short_name INTEGER NOT NULL, -- whether its texts go out under that
  created_at INTEGER NOT NULL,
  line INTEGER NOT NULL DEFAULT 0, -- all up to this one are done
  due_at INTEGER NOT NULL, -- when somebody may take it up
  ended_at INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX task_due ON task (due_at) WHERE ended_at = 0;
CREATE INDEX task_created_at ON task (created_at);

-- What became of a line. None of what stands in it is here.
CREATE TABLE task_line (
  task INTEGER NOT NULL,
  line INTEGER NOT NULL,
  message INTEGER NOT NULL, -- 0: nothing was sent
  reason TEXT NOT NULL, -- why not
  PRIMARY KEY (task, line)
) STRICT, WITHOUT ROWID;
