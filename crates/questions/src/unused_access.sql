-- Until when did each user and role call AWS, and sign in to its console?
-- :whole_days and :cut_days conditions of the window (access_window.rs)
-- Cost: five columns of access_daily, every month of the window, and of at most one day of events.
SELECT principal, is_sign_in, max(last_at) AS last_at, max_by(last_event_id, last_at) AS last_event_id
FROM (
    SELECT principal, eventname = 'ConsoleLogin' AS is_sign_in, lasteventtimestamp AS last_at, lasteventid AS last_event_id
    FROM access_daily
    WHERE principal LIKE 'arn:%' AND (eventname <> 'ConsoleLogin' OR outcome = 'ok') AND :whole_days
    UNION ALL
    SELECT principal, eventname = 'ConsoleLogin', eventtimestamp, eventid
    FROM events
    WHERE principal LIKE 'arn:%' AND (eventname <> 'ConsoleLogin' OR outcome = 'ok') AND :cut_days
) AS calls
GROUP BY principal, is_sign_in
