-- name: opt_outs
SELECT mark FROM opt_out WHERE mark = ANY($1::bigint[]);
