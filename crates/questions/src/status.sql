-- How many events does the lake hold of each account, and from when to when?
-- Parameters: none.
-- Cost: four columns of access_daily, every month; no event is read.
SELECT account, sum(eventcount) AS event_count, min(firsteventtimestamp) AS first_event,
       max(lasteventtimestamp) AS last_event
FROM access_daily
GROUP BY account
ORDER BY account
