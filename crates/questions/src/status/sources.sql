-- What was ingested, by kind of object, and what became of its records?
-- Parameters: none.
-- Cost: the ledger, one row per object or folded prefix; no Parquet file is read.
SELECT kind, sum(objects) AS objects, sum(bytes_in) AS bytes_in, sum(inflated_bytes) AS inflated_bytes,
       sum(records) AS records, sum(new_events) AS new_events, sum(duplicates) AS duplicates,
       sum(conflicts) AS conflicts, sum(rejected) AS rejected, sum(expired) AS expired,
       sum(rejected_objects) AS rejected_objects, min(first_delivered_at) AS first_delivered_at,
       max(last_delivered_at) AS last_delivered_at, max(last_ingested_at) AS last_ingested_at
FROM (
    SELECT kind, 1 AS objects, bytes_in, inflated_bytes, records, new_events, duplicates, conflicts, rejected, expired,
           CASE WHEN reject_reason IS NULL THEN 0 ELSE 1 END AS rejected_objects,
           delivered_at AS first_delivered_at, delivered_at AS last_delivered_at, ingested_at AS last_ingested_at
    FROM ingested_objects
    UNION ALL
    SELECT kind, objects, bytes_in, inflated_bytes, records, new_events, duplicates, conflicts, rejected, expired, 0,
           first_delivered_at, last_delivered_at, last_ingested_at
    FROM ingested_prefixes
) AS ledger
GROUP BY kind
ORDER BY kind
