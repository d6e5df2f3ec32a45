-- Which events did these principals cause in the window, how often, first and last?
-- :who condition on principal · :whole_days and :cut_days conditions of the window (access_window.rs)
-- Cost: a few columns of access_daily (one file or a few a month, sorted by principal, bloom filter on it) and of at most
-- two days of events.
SELECT principal, eventsource, eventname, variant, eventtype, eventcategory, copy, outcome, awsregion,
       sum(eventcount) AS events,
       min(firsteventtimestamp) AS first_at,
       max(lasteventtimestamp) AS last_at,
       max_by(lasteventid, lasteventtimestamp) AS last_event_id
FROM (
    SELECT principal, eventsource, eventname, variant, eventtype, eventcategory, copy, outcome, awsregion,
           eventcount, firsteventtimestamp, lasteventtimestamp, lasteventid
    FROM access_daily
    WHERE :who AND :whole_days
    UNION ALL
    SELECT principal, eventsource, eventname, variant, eventtype, eventcategory, copy, outcome, awsregion,
           1, eventtimestamp, eventtimestamp, eventid
    FROM events
    WHERE :who AND :cut_days
) AS used
GROUP BY principal, eventsource, eventname, variant, eventtype, eventcategory, copy, outcome, awsregion
