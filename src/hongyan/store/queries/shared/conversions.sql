-- Texts that led to what they were for.

-- name: count_conversions -- of an app's texts since one
SELECT count(*) FROM conversion WHERE app = ? AND message >= ?;
