-- Until when was each of these access keys used?
-- :keys their ids · :until the end of the window
-- Cost: three columns of events; statistics and bloom filters on accesskeyid leave out what holds none of them.
SELECT accesskeyid, max(eventtimestamp) AS last_at, max_by(eventid, eventtimestamp) AS last_event_id
FROM events
WHERE accesskeyid IN (:keys) AND eventtimestamp < :until
GROUP BY accesskeyid
