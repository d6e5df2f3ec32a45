-- Until when did each person act in each role of a permission set?
-- :until the end of the window
-- Cost: four columns of events.
SELECT principal, sessionname, max(eventtimestamp) AS last_at, max_by(eventid, eventtimestamp) AS last_event_id
FROM events
WHERE principal LIKE '%:role/aws-reserved/sso.amazonaws.com/%' AND sessionname IS NOT NULL AND eventtimestamp < :until
GROUP BY principal, sessionname
