//! The tables of a DuckLake 1.0 catalog and Tadoru's own beside them, as SQLite makes them. DuckLake's names and columns
//! are its specification's (<https://ducklake.select/docs/stable/specification/tables/overview>): DuckDB reads them.

/// DuckLake's tables: name and columns. All are made, also those that Tadoru leaves empty: DuckDB expects them.
pub const DUCKLAKE_TABLES: &[(&str, &str)] = &[
    ("metadata", "key VARCHAR NOT NULL, value VARCHAR NOT NULL, scope VARCHAR, scope_id BIGINT"),
    (
        "snapshot",
        "snapshot_id BIGINT PRIMARY KEY, snapshot_time VARCHAR, schema_version BIGINT, next_catalog_id BIGINT, \
         next_file_id BIGINT",
    ),
    (
        "snapshot_changes",
        "snapshot_id BIGINT PRIMARY KEY, changes_made VARCHAR, author VARCHAR, commit_message VARCHAR, \
         commit_extra_info VARCHAR",
    ),
    (
        "schema",
        "schema_id BIGINT PRIMARY KEY, schema_uuid VARCHAR, begin_snapshot BIGINT, end_snapshot BIGINT, \
         schema_name VARCHAR, path VARCHAR, path_is_relative BIGINT",
    ),
    (
        "table",
        "table_id BIGINT, table_uuid VARCHAR, begin_snapshot BIGINT, end_snapshot BIGINT, schema_id BIGINT, \
         table_name VARCHAR, path VARCHAR, path_is_relative BIGINT",
    ),
    (
        "view",
        "view_id BIGINT, view_uuid VARCHAR, begin_snapshot BIGINT, end_snapshot BIGINT, schema_id BIGINT, \
         view_name VARCHAR, dialect VARCHAR, sql VARCHAR, column_aliases VARCHAR",
    ),
    ("tag", "object_id BIGINT, begin_snapshot BIGINT, end_snapshot BIGINT, key VARCHAR, value VARCHAR"),
    (
        "column_tag",
        "table_id BIGINT, column_id BIGINT, begin_snapshot BIGINT, end_snapshot BIGINT, key VARCHAR, value VARCHAR",
    ),
    (
        "data_file",
        "data_file_id BIGINT PRIMARY KEY, table_id BIGINT, begin_snapshot BIGINT, end_snapshot BIGINT, \
         file_order BIGINT, path VARCHAR, path_is_relative BIGINT, file_format VARCHAR, record_count BIGINT, \
         file_size_bytes BIGINT, footer_size BIGINT, row_id_start BIGINT, partition_id BIGINT, encryption_key VARCHAR, \
         mapping_id BIGINT, partial_max BIGINT",
    ),
    (
        "file_column_stats",
        "data_file_id BIGINT, table_id BIGINT, column_id BIGINT, column_size_bytes BIGINT, value_count BIGINT, \
         null_count BIGINT, min_value VARCHAR, max_value VARCHAR, contains_nan BIGINT, extra_stats VARCHAR",
    ),
    (
        "file_variant_stats",
        "data_file_id BIGINT, table_id BIGINT, column_id BIGINT, variant_path VARCHAR, shredded_type VARCHAR, \
         column_size_bytes BIGINT, value_count BIGINT, null_count BIGINT, min_value VARCHAR, max_value VARCHAR, \
         contains_nan BIGINT, extra_stats VARCHAR",
    ),
    (
        "delete_file",
        "delete_file_id BIGINT PRIMARY KEY, table_id BIGINT, begin_snapshot BIGINT, end_snapshot BIGINT, \
         data_file_id BIGINT, path VARCHAR, path_is_relative BIGINT, format VARCHAR, delete_count BIGINT, \
         file_size_bytes BIGINT, footer_size BIGINT, encryption_key VARCHAR, partial_max BIGINT",
    ),
    (
        "column",
        "column_id BIGINT, begin_snapshot BIGINT, end_snapshot BIGINT, table_id BIGINT, column_order BIGINT, \
         column_name VARCHAR, column_type VARCHAR, initial_default VARCHAR, default_value VARCHAR, \
         nulls_allowed BIGINT, parent_column BIGINT, default_value_type VARCHAR, default_value_dialect VARCHAR",
    ),
    ("table_stats", "table_id BIGINT, record_count BIGINT, next_row_id BIGINT, file_size_bytes BIGINT"),
    (
        "table_column_stats",
        "table_id BIGINT, column_id BIGINT, contains_null BIGINT, contains_nan BIGINT, min_value VARCHAR, \
         max_value VARCHAR, extra_stats VARCHAR",
    ),
    ("partition_info", "partition_id BIGINT, table_id BIGINT, begin_snapshot BIGINT, end_snapshot BIGINT"),
    (
        "partition_column",
        "partition_id BIGINT, table_id BIGINT, partition_key_index BIGINT, column_id BIGINT, transform VARCHAR",
    ),
    (
        "file_partition_value",
        "data_file_id BIGINT, table_id BIGINT, partition_key_index BIGINT, partition_value VARCHAR",
    ),
    (
        "files_scheduled_for_deletion",
        "data_file_id BIGINT, path VARCHAR, path_is_relative BIGINT, schedule_start VARCHAR",
    ),
    ("inlined_data_tables", "table_id BIGINT, table_name VARCHAR, schema_version BIGINT"),
    ("column_mapping", "mapping_id BIGINT, table_id BIGINT, type VARCHAR"),
    (
        "name_mapping",
        "mapping_id BIGINT, column_id BIGINT, source_name VARCHAR, target_field_id BIGINT, parent_column BIGINT, \
         is_partition BIGINT",
    ),
    ("schema_versions", "begin_snapshot BIGINT, schema_version BIGINT, table_id BIGINT"),
    ("macro", "schema_id BIGINT, macro_id BIGINT, macro_name VARCHAR, begin_snapshot BIGINT, end_snapshot BIGINT"),
    ("macro_impl", "macro_id BIGINT, impl_id BIGINT, dialect VARCHAR, sql VARCHAR, type VARCHAR"),
    (
        "macro_parameters",
        "macro_id BIGINT, impl_id BIGINT, column_id BIGINT, parameter_name VARCHAR, parameter_type VARCHAR, \
         default_value VARCHAR, default_value_type VARCHAR",
    ),
    ("sort_info", "sort_id BIGINT, table_id BIGINT, begin_snapshot BIGINT, end_snapshot BIGINT"),
    (
        "sort_expression",
        "sort_id BIGINT, table_id BIGINT, sort_key_index BIGINT, expression VARCHAR, dialect VARCHAR, \
         sort_direction VARCHAR, null_order VARCHAR",
    ),
];

/// Tadoru's tables in the same file, so that they join each commit. Times are µs UTC.
pub const TADORU_TABLES: &str = "
CREATE TABLE lake_setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE ingested_object (
    object_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    stamp TEXT NOT NULL,
    sha256 BLOB,
    inflated_sha256 BLOB,
    kind TEXT NOT NULL,
    account TEXT,
    region TEXT,
    delivered_at INTEGER,
    records INTEGER NOT NULL,
    new_events INTEGER NOT NULL,
    duplicates INTEGER NOT NULL,
    conflicts INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    expired INTEGER NOT NULL,
    bytes_in INTEGER NOT NULL,
    inflated_bytes INTEGER NOT NULL,
    first_event_at INTEGER,
    last_event_at INTEGER,
    reject_reason TEXT,
    warnings TEXT,
    ingested_at INTEGER NOT NULL,
    snapshot_id INTEGER NOT NULL
);
CREATE INDEX ingested_object_name ON ingested_object (name);
CREATE INDEX ingested_object_delivery ON ingested_object (account, region, delivered_at);
CREATE TABLE rejected_record (
    reject_id INTEGER PRIMARY KEY,
    object_id INTEGER NOT NULL REFERENCES ingested_object (object_id),
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    record_index INTEGER,
    byte_offset INTEGER NOT NULL,
    byte_length INTEGER NOT NULL,
    bytes BLOB
);
CREATE INDEX rejected_record_object ON rejected_record (object_id);
CREATE TABLE retired_day (eventdate TEXT PRIMARY KEY, events INTEGER NOT NULL, retired_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX file_column_stats_lookup ON ducklake_file_column_stats (table_id, column_id, data_file_id);
CREATE INDEX file_partition_value_lookup ON ducklake_file_partition_value (data_file_id);
CREATE INDEX data_file_live ON ducklake_data_file (table_id, end_snapshot);
";

/// Tadoru's tables that lakes of earlier versions lack, all or the last ones.
pub const LATER_TABLES: &[(&str, &str)] = &[
    (
        "folded_prefix",
        "prefix_id INTEGER PRIMARY KEY, prefix TEXT NOT NULL, kind TEXT NOT NULL, account TEXT NOT NULL, \
         region TEXT NOT NULL, day INTEGER NOT NULL, objects INTEGER NOT NULL, records INTEGER NOT NULL, \
         new_events INTEGER NOT NULL, duplicates INTEGER NOT NULL, conflicts INTEGER NOT NULL, \
         rejected INTEGER NOT NULL, expired INTEGER NOT NULL, bytes_in INTEGER NOT NULL, \
         inflated_bytes INTEGER NOT NULL, first_event_at INTEGER, last_event_at INTEGER, \
         first_delivered_at INTEGER NOT NULL, last_delivered_at INTEGER NOT NULL, last_ingested_at INTEGER NOT NULL, \
         snapshot_id INTEGER NOT NULL, delivered_minutes BLOB NOT NULL, keys BLOB NOT NULL",
    ),
    (
        "digest_span",
        "span_id INTEGER PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, trail TEXT NOT NULL, \
         starts_at INTEGER NOT NULL, ends_at INTEGER NOT NULL, not_compared INTEGER NOT NULL",
    ),
    (
        "listed_file",
        "account TEXT NOT NULL, region TEXT NOT NULL, delivered_at INTEGER NOT NULL, name TEXT NOT NULL, \
         sha256 BLOB NOT NULL, first_event_at INTEGER, last_event_at INTEGER, \
         PRIMARY KEY (account, region, delivered_at, name, sha256)",
    ),
    ("file_checksum", "data_file_id INTEGER PRIMARY KEY, xxh3 TEXT NOT NULL"),
    ("retired_month", "eventmonth TEXT PRIMARY KEY, events INTEGER NOT NULL, retired_at INTEGER NOT NULL"),
    (
        "inventory_snapshot",
        "inventory_id INTEGER PRIMARY KEY, taken_at INTEGER NOT NULL, imported_at INTEGER NOT NULL, sources TEXT NOT NULL",
    ),
    (
        "inventory_part",
        "inventory_id INTEGER NOT NULL, kind TEXT NOT NULL, scope TEXT NOT NULL, entity_ids TEXT NOT NULL, \
         PRIMARY KEY (kind, scope, inventory_id)",
    ),
    (
        "inventory_entity",
        "entity_id INTEGER PRIMARY KEY, kind TEXT NOT NULL, scope TEXT NOT NULL, entity_key TEXT NOT NULL, \
         name TEXT NOT NULL, sha256 BLOB NOT NULL, document TEXT NOT NULL",
    ),
    (
        "issued_key",
        "access_key_id TEXT PRIMARY KEY, secret_access_key TEXT NOT NULL, principal TEXT NOT NULL, \
         created_at INTEGER NOT NULL",
    ),
    (
        "aws_job",
        "job_id TEXT PRIMARY KEY, operation TEXT NOT NULL, caller TEXT NOT NULL, created_at INTEGER NOT NULL, \
         completed_at INTEGER NOT NULL, answer TEXT NOT NULL",
    ),
    (
        "inventory_overlay",
        "kind TEXT NOT NULL, scope TEXT NOT NULL, entity_key TEXT NOT NULL, name TEXT NOT NULL, document TEXT, \
         written_at INTEGER NOT NULL, written_by TEXT NOT NULL, PRIMARY KEY (kind, scope, entity_key)",
    ),
];

/// Columns that those tables gained after they were made: table, column, type.
pub const LATER_COLUMNS: &[(&str, &str, &str)] = &[
    ("aws_job", "account", "TEXT NOT NULL DEFAULT ''"),
    ("aws_job", "client_token", "TEXT"),
    ("aws_job", "parameters", "TEXT NOT NULL DEFAULT '{}'"),
    ("aws_job", "cancelled_at", "INTEGER"),
    ("aws_job", "failure_code", "TEXT"),
    ("aws_job", "failure_message", "TEXT"),
];

/// The indexes of those tables.
pub const LATER_INDEXES: &str = "
CREATE INDEX IF NOT EXISTS aws_job_created ON aws_job (operation, account, created_at);
CREATE UNIQUE INDEX IF NOT EXISTS aws_job_token ON aws_job (operation, caller, client_token) WHERE client_token IS NOT NULL;
CREATE INDEX IF NOT EXISTS folded_prefix_day ON folded_prefix (account, region, day);
CREATE INDEX IF NOT EXISTS digest_span_trail ON digest_span (account, region, trail, starts_at);
CREATE UNIQUE INDEX IF NOT EXISTS inventory_entity_key ON inventory_entity (kind, entity_key, scope, sha256);
";
