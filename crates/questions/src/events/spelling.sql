-- Which event sources and event names does the lake know?
-- Cost: reads two columns of the rollup.
SELECT DISTINCT eventsource, eventname
FROM access_daily
ORDER BY 1, 2
