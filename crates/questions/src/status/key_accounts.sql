-- Under which accounts' keys came the events of accounts that have no files of their own?
-- Parameters: :accounts, the ids.
-- Cost: account and objectkey of the events, and the ledger; asked only where there are such accounts. A folder with the
-- files of several accounts is told apart by the account in the file's name.
SELECT e.account, o.account AS key_account
FROM (SELECT DISTINCT account, objectkey FROM events WHERE account IN (:accounts)) AS e
JOIN ingested_objects AS o ON o.name = e.objectkey
GROUP BY e.account, o.account
UNION
SELECT e.account, p.account AS key_account
FROM (SELECT DISTINCT account, regexp_replace(objectkey, '[^/]*$', '') AS folder,
             regexp_extract(objectkey, '([0-9]{12})_[^/]*$', 1) AS key_account
      FROM events WHERE account IN (:accounts)) AS e
JOIN ingested_prefixes AS p ON p.prefix = e.folder AND p.account = coalesce(e.key_account, p.account)
GROUP BY e.account, p.account
ORDER BY 1, 2
