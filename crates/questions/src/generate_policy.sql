-- Which events did these principals cause in the window and before it, where, how often, first and last?
-- :who condition on the principal · :whole_days and :cut_days conditions of the window, :earlier_whole_days and
-- :earlier_cut_days of the time before it (access_window.rs)
-- Cost: a few columns of access_daily (one file or a few a month, sorted by principal, bloom filter on it) and of at most
-- three days of events.
SELECT principal, eventsource, eventname, variant, eventtype, eventcategory, copy, outcome, awsregion,
       sum(eventcount) AS events,
       min(firsteventtimestamp) AS first_at,
       max(lasteventtimestamp) AS last_at,
       max_by(lasteventid, lasteventtimestamp) AS last_event_id,
       account, in_window
FROM (
    SELECT principal, eventsource, eventname, variant, eventtype, eventcategory, copy, outcome, awsregion,
           eventcount, firsteventtimestamp, lasteventtimestamp, lasteventid, account, true AS in_window
    FROM access_daily
    WHERE :who AND :whole_days
    UNION ALL
    SELECT principal, eventsource, eventname, variant, eventtype, eventcategory, copy, outcome, awsregion,
           1, eventtimestamp, eventtimestamp, eventid, account, true
    FROM events
    WHERE :who AND :cut_days
    UNION ALL
    SELECT principal, eventsource, eventname, variant, eventtype, eventcategory, copy, outcome, awsregion,
           eventcount, firsteventtimestamp, lasteventtimestamp, lasteventid, account, false
    FROM access_daily
    WHERE :who AND :earlier_whole_days
    UNION ALL
    SELECT principal, eventsource, eventname, variant, eventtype, eventcategory, copy, outcome, awsregion,
           1, eventtimestamp, eventtimestamp, eventid, account, false
    FROM events
    WHERE :who AND :earlier_cut_days
) AS used
GROUP BY principal, eventsource, eventname, variant, eventtype, eventcategory, copy, outcome, awsregion, account, in_window
