-- How much did they do, when, in how many services, and what failed?
-- :ways a count for each way; :belongs and :conditions as in the timeline.
-- Cost: as the timeline, with fewer columns.
SELECT count(*) AS event_count, min(eventtimestamp) AS first_event, max(eventtimestamp) AS last_event,
  count(DISTINCT eventsource) AS service_count, count_if(outcome = 'denied') AS denied_count,
  count_if(outcome = 'error') AS error_count:ways
FROM events
WHERE (:belongs)
  AND :conditions
