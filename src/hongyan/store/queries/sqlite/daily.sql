-- name: total
SELECT sent FROM daily_total WHERE total = ?;

-- name: add_to_total
INSERT INTO daily_total (total, sent) VALUES (?, ?)
ON CONFLICT (total) DO UPDATE SET sent = sent + excluded.sent;

-- name: give_back_to_total
UPDATE daily_total SET sent = sent - 1 WHERE total = ?;

-- name: forget_totals
DELETE FROM daily_total WHERE total IN
  (SELECT total FROM daily_total WHERE total < ? ORDER BY total LIMIT ?);
