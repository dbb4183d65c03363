-- Replies, and results that wait to be pulled.
SELECT 1;
