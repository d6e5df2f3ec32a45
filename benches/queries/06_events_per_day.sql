-- How many events a day?
SELECT substr(eventtime, 1, 10) AS day, count(*) AS events FROM events GROUP BY 1 ORDER BY 1
