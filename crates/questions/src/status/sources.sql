-- What was ingested, by kind of object, and what became of its records?
-- Parameters: none.
-- Cost: the ledger, one row per object; no Parquet file is read.
SELECT kind, count(*) AS objects, sum(bytes_in) AS bytes_in, sum(inflated_bytes) AS inflated_bytes,
       sum(records) AS records, sum(new_events) AS new_events, sum(duplicates) AS duplicates,
       sum(conflicts) AS conflicts, sum(rejected) AS rejected, sum(expired) AS expired,
       count(reject_reason) AS rejected_objects, min(delivered_at) AS first_delivered_at,
       max(delivered_at) AS last_delivered_at, max(ingested_at) AS last_ingested_at
FROM ingested_objects
GROUP BY kind
ORDER BY kind
