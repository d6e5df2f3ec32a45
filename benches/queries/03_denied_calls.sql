-- Who was denied what?
SELECT useridentity.arn, eventsource, eventname, count(*) AS events
FROM events WHERE errorcode IN ('AccessDenied', 'Client.UnauthorizedOperation')
GROUP BY useridentity.arn, eventsource, eventname ORDER BY events DESC, 1, 2, 3 LIMIT 50
