-- Under which accounts' keys came the events of accounts that have no files of their own?
-- Parameters: :accounts, the ids.
-- Cost: account and objectkey of the events, and the ledger; asked only where there are such accounts.
SELECT e.account, o.account AS key_account
FROM (SELECT DISTINCT account, objectkey FROM events WHERE account IN (:accounts)) AS e
JOIN ingested_objects AS o ON o.name = e.objectkey
GROUP BY e.account, o.account
ORDER BY e.account, o.account
