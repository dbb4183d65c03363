-- name: begin
BEGIN ISOLATION LEVEL READ COMMITTED;

-- name: move_balance -- the guard is the table's CHECK: a balance never goes below 0
UPDATE account SET balance = balance + ({units}) WHERE id = {account};

-- name: note_batch -- unless it has written nothing
INSERT INTO batch (id) SELECT '{batch}'
WHERE {must_last} OR pg_current_xact_id_if_assigned() IS NOT NULL;

-- name: claim_batch -- true: it was not committed, and never can be from now on
INSERT INTO batch (id, void) VALUES ($1, true)
ON CONFLICT (id) DO UPDATE SET void = batch.void RETURNING void;
