-- Which calls did these principals make in the window, told apart by what their evaluation looks at?
-- :who condition on the principal · :window condition on the time · :resources and :parameters those columns for the events
-- whose resources matter, else NULL · :ip, :agent, :mfa, :tls, :vpce, :invoked_by, :user_id, :kind, :at condition keys, NULL
-- where no policy asks for them
-- Cost: the events of the window's days, pruned by the principals; requestparameters are read only where resources matter.
SELECT principal, eventsource, eventname, variant, eventtype, eventcategory, awsregion, account, copy, outcome,
       resources, requestparameters, ip, agent, mfa, tls, vpce, invoked_by, user_id, kind, at,
       count(*) AS calls,
       min(eventtimestamp) AS first_at, max(eventtimestamp) AS last_at,
       min_by(eventid, eventtimestamp) AS first_event_id, max_by(eventid, eventtimestamp) AS last_event_id
FROM (
    SELECT principal, eventsource, eventname, variant, eventtype, eventcategory, awsregion, account, copy, outcome, eventtimestamp, eventid,
           :resources AS resources, :parameters AS requestparameters, :ip AS ip, :agent AS agent, :mfa AS mfa, :tls AS tls,
           :vpce AS vpce, :invoked_by AS invoked_by, :user_id AS user_id, :kind AS kind, :at AS at
    FROM events
    WHERE :who AND :window
) AS call
GROUP BY principal, eventsource, eventname, variant, eventtype, eventcategory, awsregion, account, copy, outcome,
         resources, requestparameters, ip, agent, mfa, tls, vpce, invoked_by, user_id, kind, at
