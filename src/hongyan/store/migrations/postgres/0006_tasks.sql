-- Files of numbers, and the tasks that text them.

CREATE TABLE upload (
  id BIGINT PRIMARY KEY, -- 63 random bits
  app BIGINT NOT NULL REFERENCES app (id),
  octets BIGINT NOT NULL DEFAULT 0, -- 0 while it is coming in
  created_at BIGINT NOT NULL
);
CREATE INDEX upload_created_at ON upload (created_at);

-- Kept until its task has ended.
CREATE TABLE upload_piece (
  upload BIGINT NOT NULL,
  number BIGINT NOT NULL, -- from 0
  sealed_content BYTEA NOT NULL,
  PRIMARY KEY (upload, number)
);

CREATE TABLE task (
  id BIGINT PRIMARY KEY, -- its upload's: one file makes one task
  app BIGINT NOT NULL REFERENCES app (id),
  environment TEXT NOT NULL,
  short_name BOOLEAN NOT NULL, -- whether its texts go out under that
  created_at BIGINT NOT NULL,
  line BIGINT NOT NULL DEFAULT 0, -- all up to this one are done
  due_at BIGINT NOT NULL, -- when somebody may take it up
  ended_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX task_due ON task (due_at) WHERE ended_at = 0;
CREATE INDEX task_created_at ON task (created_at);

-- What became of a line. None of what stands in it is here.
CREATE TABLE task_line (
  task BIGINT NOT NULL,
  line BIGINT NOT NULL,
  message BIGINT NOT NULL, -- 0: nothing was sent
  reason TEXT NOT NULL, -- why not
  PRIMARY KEY (task, line)
);
