-- Texts by the names that a platform gave them, for those platforms that tell by these names alone.
-- The index is of nobody else's attempts, so that it costs nobody else anything.
CREATE INDEX attempt_upstream ON attempt (upstream_id) WHERE provider IN ('tencent');
