-- Which groups of one month does the rollup sum up differently from the events?
-- :month and :next_month days that bound it · :retired condition that leaves out retired days
-- Cost: the grouping columns of one month's events and of its rollup; spills beyond the memory pool.
SELECT count(*) AS groups,
       min(coalesce(principal, '') || ' ' || coalesce(eventname, '') || ' on ' || CAST(eventdate AS varchar)) AS example
FROM (
    SELECT principal, eventname, eventdate
    FROM (
        SELECT principal, principaltype, eventsource, eventname, variant, eventcategory, eventtype, awsregion, account,
               copy, outcome, eventdate,
               1 AS counted, eventtimestamp AS event_first, eventtimestamp AS event_last,
               CAST(eventtimestamp AS varchar) || ' ' || coalesce(eventid, '') AS event_id,
               CAST(NULL AS timestamp) AS rollup_first, CAST(NULL AS timestamp) AS rollup_last,
               CAST(NULL AS varchar) AS rollup_id
        FROM events
        WHERE eventdate >= DATE ':month' AND eventdate < DATE ':next_month'
        UNION ALL
        SELECT principal, principaltype, eventsource, eventname, variant, eventcategory, eventtype, awsregion, account,
               copy, outcome, eventdate,
               -eventcount, CAST(NULL AS timestamp), CAST(NULL AS timestamp), CAST(NULL AS varchar),
               firsteventtimestamp, lasteventtimestamp,
               CAST(lasteventtimestamp AS varchar) || ' ' || coalesce(lasteventid, '')
        FROM access_daily
        WHERE eventmonth = DATE ':month' AND :retired
    ) AS both
    GROUP BY principal, principaltype, eventsource, eventname, variant, eventcategory, eventtype, awsregion, account,
             copy, outcome, eventdate
    HAVING sum(counted) <> 0
        OR (min(event_first) IS DISTINCT FROM min(rollup_first))
        OR (max(event_last) IS DISTINCT FROM max(rollup_last))
        OR (max(event_id) IS DISTINCT FROM max(rollup_id))
) AS differing
