-- Until when was each role assumed?
-- :until the end of the window
-- Cost: requestparameters of the events of STS.
SELECT json_extract_scalar(requestparameters, '$.roleArn') AS role, max(eventtimestamp) AS last_at,
       max_by(eventid, eventtimestamp) AS last_event_id
FROM events
WHERE eventsource = 'sts.amazonaws.com' AND eventname IN ('AssumeRole', 'AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity')
      AND outcome = 'ok' AND eventtimestamp < :until
GROUP BY 1
