ALTER TABLE app ADD COLUMN caps TEXT NOT NULL DEFAULT '{}'; -- what it may send in a day, and where never

-- How many texts an app has sent in a natural day of Beijing: of apps with caps alone. The key is the
-- day, the app and what is counted, in this order (core/daily.py). Rows are locked after those of
-- verification and before those of kept.
CREATE TABLE daily_total (
  total BIGINT PRIMARY KEY,
  sent BIGINT NOT NULL CHECK (sent >= 0)
) WITH (fillfactor = 50);
