-- What did this user do?
SELECT eventsource, eventname, count(*) AS events, min(eventtime) AS first_time, max(eventtime) AS last_time
FROM events WHERE useridentity.username = 'deploy-bot'
GROUP BY eventsource, eventname ORDER BY events DESC, 1, 2
