-- Which event sources, event names, accounts and regions does the lake know, and who called?
-- Cost: reads five columns of the rollup.
SELECT DISTINCT eventsource, eventname, account, awsregion, principal
FROM access_daily
ORDER BY 1, 2, 3, 4, 5
