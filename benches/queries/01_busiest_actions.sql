-- Which actions are called most?
SELECT eventsource, eventname, count(*) AS events
FROM events GROUP BY eventsource, eventname ORDER BY events DESC, eventsource, eventname LIMIT 20
