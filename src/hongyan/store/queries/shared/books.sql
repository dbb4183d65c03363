-- name: balance
SELECT balance FROM account WHERE id = ?;

-- name: packages
SELECT package.id, package.units, package.bought_at, account.balance FROM package
JOIN account ON account.id = package.account
WHERE package.account = ? ORDER BY package.id;

-- name: books -- must be zero rows: an account whose balance is not the sum of its ledger
SELECT account.id, balance, coalesce(sum(units), 0) FROM account
LEFT JOIN ledger ON ledger.account = account.id
GROUP BY account.id HAVING balance <> coalesce(sum(units), 0);

-- name: credit
UPDATE account SET balance = balance + ? WHERE id = ?;

-- name: insert_ledger
INSERT INTO ledger (account, entry, units, at) VALUES (?, ?, ?, ?);
