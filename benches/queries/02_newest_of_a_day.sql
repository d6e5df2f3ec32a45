-- What happened last on one day?
SELECT eventtime, useridentity.arn, eventname, sourceipaddress
FROM events WHERE eventtime >= '2026-06-10T00:00:00Z' AND eventtime < '2026-06-11T00:00:00Z'
ORDER BY eventtime DESC, eventid LIMIT 100
