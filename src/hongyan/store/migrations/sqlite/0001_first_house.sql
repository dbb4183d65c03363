-- Times are milliseconds since 1970 UTC. Marks are keyed hashes; columns named sealed_* are AES-GCM.

CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value ANY NOT NULL
) STRICT, WITHOUT ROWID;

-- Who is who: the directory. Every change raises meta.directory_version.

CREATE TABLE account (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('personal', 'enterprise')),
  open INTEGER NOT NULL DEFAULT 1,
  balance INTEGER NOT NULL DEFAULT 0 CHECK (balance >= 0), -- segments
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE package (
  id INTEGER PRIMARY KEY,
  account INTEGER NOT NULL REFERENCES account (id),
  units INTEGER NOT NULL CHECK (units > 0),
  note TEXT NOT NULL,
  bought_at INTEGER NOT NULL
) STRICT;

-- The sum of an account's entries is its balance, always.
CREATE TABLE ledger (
  id INTEGER PRIMARY KEY,
  account INTEGER NOT NULL REFERENCES account (id),
  entry TEXT NOT NULL CHECK (entry IN ('bought', 'accepted', 'refunded')),
  units INTEGER NOT NULL, -- accepted is negative
  at INTEGER NOT NULL
) STRICT;

CREATE TABLE app (
  id INTEGER PRIMARY KEY,
  account INTEGER NOT NULL REFERENCES account (id),
  name TEXT NOT NULL UNIQUE,
  title TEXT NOT NULL,
  enabled INTEGER NOT NULL DEFAULT 1,
  template TEXT NOT NULL DEFAULT '', -- the verification template's name
  countries TEXT NOT NULL DEFAULT '["CN"]',
  windows TEXT NOT NULL DEFAULT '[]', -- limits of its own texts, per number
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE api_key (
  hash BLOB PRIMARY KEY,
  app INTEGER NOT NULL REFERENCES app (id),
  kind TEXT NOT NULL CHECK (kind IN ('secret', 'publishable')),
  hint TEXT NOT NULL, -- the beginning and the last letters, to tell keys apart
  purposes TEXT NOT NULL DEFAULT '[]',
  origins TEXT NOT NULL DEFAULT '[]',
  created_at INTEGER NOT NULL,
  ended_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE signature (
  id INTEGER PRIMARY KEY,
  account INTEGER NOT NULL REFERENCES account (id),
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (account, name)
) STRICT;

CREATE TABLE template (
  id INTEGER PRIMARY KEY,
  account INTEGER NOT NULL REFERENCES account (id),
  name TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('verification', 'notice', 'marketing')),
  signature TEXT NOT NULL,
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (account, name)
) STRICT;

CREATE TABLE route (
  kind TEXT PRIMARY KEY CHECK (kind IN ('verification', 'notice', 'marketing')),
  providers TEXT NOT NULL -- JSON array, in order
) STRICT, WITHOUT ROWID;

-- Proof keys: the private half sealed, the public half at /.well-known/jwks.json.
CREATE TABLE signing_key (
  id TEXT PRIMARY KEY,
  sealed_private BLOB NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The way of a message. Its row is written once at accept and once when it settles; while it is
-- open, its state and who holds it stand in the outbox.

CREATE TABLE message (
  id INTEGER PRIMARY KEY,
  account INTEGER NOT NULL,
  app INTEGER NOT NULL,
  kind TEXT NOT NULL,
  template INTEGER NOT NULL, -- 0: free text
  phone_mark INTEGER NOT NULL,
  sealed BLOB NOT NULL, -- phone and text; once masked, the text as its template cannot show it
  masked INTEGER NOT NULL DEFAULT 0, -- the clear text is gone
  units INTEGER NOT NULL,
  accepted_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  verification BLOB,
  status TEXT -- NULL while the outbox has it
    CHECK (status IN ('submitted', 'delivered', 'undelivered', 'rejected', 'expired', 'closed')),
  settled_at INTEGER, -- of its last move
  receipt_code TEXT -- what the network said with it
) STRICT;

CREATE TABLE outbox (
  id INTEGER PRIMARY KEY,
  -- A claim is held in memory: with one process to a file it ends with the process, and the
  -- message is queued again without a write. What has begun is on disk before a byte leaves.
  status TEXT NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'sending', 'unconfirmed')),
  kind TEXT NOT NULL,
  token INTEGER NOT NULL DEFAULT 0, -- who sends it; a stale sender's writes find no row
  due_at INTEGER NOT NULL DEFAULT 0, -- queued: not before; unconfirmed: closed then
  attempts INTEGER NOT NULL DEFAULT 0,
  first_attempt_at INTEGER NOT NULL DEFAULT 0,
  attempt_at INTEGER NOT NULL DEFAULT 0,
  provider TEXT NOT NULL DEFAULT '',
  void INTEGER NOT NULL DEFAULT 0, -- its code went while it was being sent: no further try
  hits BLOB -- the limit events that a definite refusal gives back
) STRICT;

CREATE TABLE attempt (
  message INTEGER NOT NULL,
  number INTEGER NOT NULL,
  provider TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('accepted', 'rejected', 'deferred', 'unconfirmed')),
  upstream_id TEXT NOT NULL,
  code TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (message, number)
) STRICT, WITHOUT ROWID;

-- Receipts that came while their message was still being sent; they wait for its settle.
CREATE TABLE early_receipt (
  message INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('submitted', 'delivered', 'undelivered', 'rejected')),
  code TEXT NOT NULL
) STRICT;

-- The way of a code.

CREATE TABLE verification (
  id BLOB PRIMARY KEY, -- UUIDv7: time-ordered
  app INTEGER NOT NULL,
  purpose TEXT NOT NULL,
  phone_mark INTEGER NOT NULL,
  openid_mark INTEGER NOT NULL,
  device_mark INTEGER NOT NULL,
  ip_mark INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  stepped_up INTEGER NOT NULL,
  sends INTEGER NOT NULL,
  sent_at INTEGER NOT NULL,
  message INTEGER NOT NULL, -- the last text; the phone stands there, sealed
  code BLOB, -- keyed hash; NULL unless pending
  previous BLOB,
  previous_sent_at INTEGER NOT NULL,
  previous_message INTEGER, -- the text of a code that stays good beside the last one
  attempts INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'locked')),
  used_at INTEGER NOT NULL,
  proof BLOB,
  proof_used_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE known_openid (
  phone_mark INTEGER NOT NULL,
  openid_mark INTEGER NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY (phone_mark, openid_mark)
) STRICT, WITHOUT ROWID;

CREATE TABLE member (
  phone_mark INTEGER PRIMARY KEY, -- one phone, one member
  id INTEGER NOT NULL,
  app INTEGER NOT NULL,
  sealed_phone BLOB NOT NULL,
  joined_at INTEGER NOT NULL
) STRICT;

-- What the recent window in memory is rebuilt from, oldest first, and where it goes beyond its bound.

CREATE TABLE hit (
  id INTEGER PRIMARY KEY,
  mark INTEGER NOT NULL,
  at INTEGER NOT NULL, -- negative: the event at -at was given back
  tag INTEGER NOT NULL
) STRICT;

CREATE TABLE kept (
  id INTEGER PRIMARY KEY,
  key INTEGER NOT NULL,
  request INTEGER NOT NULL,
  answer BLOB NOT NULL, -- nothing personal
  at INTEGER NOT NULL
) STRICT;

CREATE TABLE spilled (
  day INTEGER NOT NULL,
  map TEXT NOT NULL,
  mark INTEGER NOT NULL,
  value BLOB NOT NULL,
  PRIMARY KEY (day, map, mark)
) STRICT, WITHOUT ROWID;


