ALTER TABLE app ADD COLUMN caps TEXT NOT NULL DEFAULT '{}'; -- what it may send in a day, and where never

-- How many texts an app has sent in a natural day of Beijing: of apps with caps alone. The key is the
-- day, the app and what is counted, in this order (core/daily.py).
CREATE TABLE daily_total (
  total INTEGER PRIMARY KEY,
  sent INTEGER NOT NULL CHECK (sent >= 0)
) STRICT;
