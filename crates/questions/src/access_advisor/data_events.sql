-- Of which services did the trails of an account deliver data events in the window?
-- :whole_days condition of the window (access_window.rs)
-- Cost: three columns of access_daily.
SELECT DISTINCT account, eventsource
FROM access_daily
WHERE eventcategory = 'Data' AND eventsource IS NOT NULL AND :whole_days
