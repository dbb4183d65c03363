-- Keys that sign calls, and what the protocols of others must know of an app.
SELECT 1;
