-- Which records have this event id?
-- :id the eventID. Several rows: the same id in two accounts, or two different records with one id.
-- Cost: the bloom filter of eventid prunes all row groups but those that hold it; raw is read for the rows found.
SELECT eventtimestamp AS time, account, raw
FROM events
WHERE eventid = :id
ORDER BY eventtimestamp, account, raw
