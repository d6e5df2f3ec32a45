-- From how many addresses does each caller call?
SELECT useridentity.arn, count(DISTINCT sourceipaddress) AS addresses
FROM events GROUP BY useridentity.arn ORDER BY addresses DESC, 1 LIMIT 10
