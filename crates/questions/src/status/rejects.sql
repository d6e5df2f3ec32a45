-- What was rejected, by reason?
-- Parameters: none.
-- Cost: the rejects, one row per rejected record or file; no Parquet file is read.
SELECT reason, count(record_index) AS records, count(*) - count(record_index) AS files,
       count(DISTINCT object_id) AS objects, min(name) AS example, min(detail) AS detail
FROM rejected_records
GROUP BY reason
ORDER BY count(*) DESC, reason
