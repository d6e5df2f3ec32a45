-- How many events did these principals cause on each day?
-- :who condition on the principal · :since and :until the days
-- Cost: three columns of access_daily.
SELECT eventdate, sum(eventcount) AS events
FROM access_daily
WHERE :who AND eventdate BETWEEN :since AND :until
GROUP BY eventdate
ORDER BY eventdate
