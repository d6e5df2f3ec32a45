-- Which calls name a bucket in their parameters?
SELECT eventname, count(*) AS events
FROM events WHERE eventsource = 's3.amazonaws.com' AND requestparameters LIKE '%bucketName%'
GROUP BY eventname ORDER BY events DESC, eventname
