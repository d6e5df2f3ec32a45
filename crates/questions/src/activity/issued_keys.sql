-- Which temporary keys did they get for other roles, newest first?
-- :belongs who; :conditions the window, which begins earlier by the longest session; :limit how many keys are followed.
-- Cost: reads responseelements of the few events that pass the other conditions.
SELECT json_extract_scalar(responseelements, '$.credentials.accessKeyId') AS accesskeyid
FROM events
WHERE (:belongs)
  AND :conditions
  AND eventsource = 'sts.amazonaws.com'
  AND eventname IN ('AssumeRole', 'AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity', 'GetFederationToken')
  AND json_extract_scalar(responseelements, '$.credentials.accessKeyId') <> ''
GROUP BY 1
ORDER BY max(eventtimestamp) DESC
LIMIT :limit
