-- Who deleted something?
SELECT eventtime, useridentity.arn, eventname, awsregion
FROM events WHERE eventname LIKE 'Delete%' AND readonly = 'false' ORDER BY eventtime DESC, eventid LIMIT 100
