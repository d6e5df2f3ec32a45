-- Who caused these events in the window, how often, first and last?
-- :what condition on eventsource and eventname · :whole_days and :cut_days conditions of the window (access_window.rs)
-- Cost: a few columns of access_daily and of at most two days of events.
SELECT principal, eventsource, eventname, variant, eventtype, eventcategory, copy, outcome, awsregion,
       sum(eventcount) AS events,
       min(firsteventtimestamp) AS first_at,
       max(lasteventtimestamp) AS last_at,
       max_by(lasteventid, lasteventtimestamp) AS last_event_id
FROM (
    SELECT principal, eventsource, eventname, variant, eventtype, eventcategory, copy, outcome, awsregion,
           eventcount, firsteventtimestamp, lasteventtimestamp, lasteventid
    FROM access_daily
    WHERE :what AND :whole_days
    UNION ALL
    SELECT principal, eventsource, eventname, variant, eventtype, eventcategory, copy, outcome, awsregion,
           1, eventtimestamp, eventtimestamp, eventid
    FROM events
    WHERE :what AND :cut_days
) AS used
GROUP BY principal, eventsource, eventname, variant, eventtype, eventcategory, copy, outcome, awsregion
