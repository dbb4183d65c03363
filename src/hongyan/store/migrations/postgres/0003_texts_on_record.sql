-- Texts on record, links, opt-outs and statistics.
SELECT 1;
