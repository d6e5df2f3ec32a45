-- Which events fit a filter, newest first? Two records of one time that claim one id come in the order of their fingerprints.
-- :columns what is asked of each event; :conditions the filter, the window and the flags; :limit LIMIT n, or nothing for all.
-- Cost: reads the asked columns and those of the conditions; the window prunes files by eventtimestamp, equality on
-- principal, username, accesskeyid, useridentityarn and eventid prunes row groups by bloom filters.
SELECT :columns
FROM events
WHERE :conditions
ORDER BY eventtimestamp DESC, eventid DESC, fingerprint DESC
:limit
