-- What DuckDB does for the same files: each record's JSON and 17 extracted columns, one Parquet file, zstd.
-- :source glob of the .json.gz files · :target the Parquet file
COPY (
    SELECT
        record ->> '$.eventVersion' AS eventversion,
        record ->> '$.userIdentity.type' AS identitytype,
        record ->> '$.userIdentity.arn' AS identityarn,
        record ->> '$.userIdentity.accountId' AS identityaccount,
        record ->> '$.userIdentity.accessKeyId' AS accesskeyid,
        record ->> '$.userIdentity.userName' AS username,
        record ->> '$.userIdentity.sessionContext.sessionIssuer.arn' AS issuerarn,
        record ->> '$.eventTime' AS eventtime,
        record ->> '$.eventSource' AS eventsource,
        record ->> '$.eventName' AS eventname,
        record ->> '$.awsRegion' AS awsregion,
        record ->> '$.sourceIPAddress' AS sourceipaddress,
        record ->> '$.errorCode' AS errorcode,
        record -> '$.requestParameters' AS requestparameters,
        record ->> '$.eventID' AS eventid,
        record ->> '$.recipientAccountId' AS recipientaccountid,
        record ->> '$.eventCategory' AS eventcategory,
        record AS raw
    FROM (
        SELECT unnest(json_extract(json, '$.Records[*]')) AS record
        FROM read_json_objects(:source, format = 'unstructured', maximum_object_size = 536870912)
    )
) TO :target (FORMAT parquet, COMPRESSION zstd);
