-- Qualifications, signatures and templates on their way through review.

CREATE TABLE submission (
  id INTEGER PRIMARY KEY,
  account INTEGER NOT NULL REFERENCES account (id),
  subject TEXT NOT NULL CHECK (subject IN ('qualification', 'signature', 'template')),
  name TEXT NOT NULL,
  status INTEGER NOT NULL, -- the number that the API shows
  scope INTEGER NOT NULL CHECK (scope IN (0, 1, 3)), -- 0 mainland, 1 abroad, 3 both
  facts TEXT NOT NULL, -- JSON; nothing personal
  qualification INTEGER NOT NULL DEFAULT 0, -- the submission behind a signature
  template INTEGER NOT NULL DEFAULT 0, -- what it is in the directory
  reason TEXT NOT NULL DEFAULT '', -- why it was rejected
  created_at INTEGER NOT NULL,
  submitted_at INTEGER NOT NULL, -- the last time
  expected_at INTEGER NOT NULL,
  decided_at INTEGER NOT NULL DEFAULT 0, -- 0 while it is in review
  removed_at INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX submission_of ON submission (account, subject, id) WHERE removed_at = 0;
CREATE INDEX submission_in_review ON submission (submitted_at, id) WHERE decided_at = 0 AND removed_at = 0;
CREATE INDEX submission_template ON submission (template) WHERE template <> 0;

-- What was handed in with it: the form as it was filled in, and images.
CREATE TABLE paper (
  submission INTEGER NOT NULL,
  name TEXT NOT NULL,
  sealed_content BLOB NOT NULL,
  PRIMARY KEY (submission, name)
) STRICT;

-- Changes that may be asked for twice, and what the first was answered; for some minutes.
CREATE TABLE done (
  key INTEGER PRIMARY KEY, -- a mark
  sealed_answer BLOB NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX done_at ON done (at);
