-- What did this user, role, access key, session or Identity Center user do, newest first, and by which way does each event belong to it?
-- :columns what is asked of each event; :via a CASE that names the way; :belongs the ways, by OR; :conditions the window;
-- :limit LIMIT n, or nothing for all. Another account's copy of an event is left out
-- where the caller's own is there.
-- Cost: reads the asked columns; principal and accesskeyid prune by bloom filters, the window by eventtimestamp.
SELECT :columns, CASE :via END AS via
FROM events
WHERE (:belongs)
  AND :conditions
ORDER BY eventtimestamp DESC, eventid DESC
:limit
