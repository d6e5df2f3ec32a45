-- Which sessions did each role have?
SELECT useridentity.sessioncontext.sessionissuer.arn AS role, count(DISTINCT useridentity.principalid) AS sessions,
       count(*) AS events
FROM events WHERE useridentity.type = 'AssumedRole' GROUP BY 1 ORDER BY events DESC, 1 LIMIT 20
