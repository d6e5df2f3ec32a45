-- Which events did these principals cause in the window at all, and are they their own account's records?
-- :who condition on the principal · :whole_days and :cut_days conditions of the window (access_window.rs)
-- Cost: a few columns of access_daily, and of at most two days of events.
SELECT principal, eventsource, eventname, variant, eventtype, copy
FROM (
    SELECT principal, eventsource, eventname, variant, eventtype, copy FROM access_daily WHERE :who AND :whole_days
    UNION ALL
    SELECT principal, eventsource, eventname, variant, eventtype, copy FROM events WHERE :who AND :cut_days
) AS kind
GROUP BY principal, eventsource, eventname, variant, eventtype, copy
