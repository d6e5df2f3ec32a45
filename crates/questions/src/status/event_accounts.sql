-- Which accounts and regions do the events name, and from when to when?
-- Parameters: none.
-- Cost: four columns of access_daily, every month; no event is read.
SELECT account, awsregion, min(firsteventtimestamp) AS first_event, max(lasteventtimestamp) AS last_event
FROM access_daily
GROUP BY account, awsregion
ORDER BY account, awsregion
