//! What could not be taken, and what was taken with a doubt: reason and warning codes, the words people and scripts
//! filter by. The codes are an interface; a new one needs a CHANGELOG entry.
//! `log_file`, `object_key` and `record` produce them, the lake stores and counts them.

/// Declares a list of codes: the variant, its text, and what it means.
macro_rules! codes {
    ($(#[$outer:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $code:literal,)* }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// Every code, in the order of declaration.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// The code as stored and shown.
            pub fn code(self) -> &'static str {
                match self { $($name::$variant => $code,)* }
            }
        }
    };
}

codes! {
/// Why a file, a record or an object was not taken.
Reason {
    /// The object has no bytes. CloudTrail never writes one: look for an interrupted copy.
    EmptyObject = "EMPTY_OBJECT",
    /// The gzip stream ends before its trailer. Copy the object again.
    GzipTruncated = "GZIP_TRUNCATED",
    /// The bytes do not have the checksum that the gzip trailer states. Copy the object again.
    GzipCrc = "GZIP_CRC",
    /// The length in the gzip trailer is wrong. Copy the object again.
    GzipIsize = "GZIP_ISIZE",
    /// The gzip header is not one of RFC 1952 (reserved flags, unknown method, wrong header checksum).
    GzipHeader = "GZIP_HEADER",
    /// The compressed data itself is broken. Copy the object again.
    GzipData = "GZIP_DATA",
    /// Something follows the last gzip member. Nothing of the file is taken: log objects are evidence.
    GzipTrailingData = "GZIP_TRAILING_DATA",
    /// Compressed more than twice, or twice around nothing.
    NestedCompression = "NESTED_COMPRESSION",
    /// Neither gzip nor JSON: an archive, an error page, another program's file.
    UnknownMagic = "UNKNOWN_MAGIC",
    /// Inflates beyond the limit of bytes, or beyond the limit of ratio. Raise the limit if the file is honest.
    DecompressedLimit = "DECOMPRESSED_LIMIT",
    /// More records than one file may hold. Raise the limit if the file is honest.
    RecordCountLimit = "RECORD_COUNT_LIMIT",
    /// A record longer than the limit (4 MiB by default; AWS writes at most 256 KB).
    RecordSizeLimit = "RECORD_SIZE_LIMIT",
    /// A field that names or identifies something is longer than 64 KiB.
    FieldLimit = "FIELD_LIMIT",
    /// Nothing but white space inside.
    EmptyDocument = "EMPTY_DOCUMENT",
    /// Not UTF-8, or not JSON's encoding at all (UTF-16).
    NotUtf8 = "NOT_UTF8",
    /// Not JSON at the place named in the detail.
    JsonSyntax = "JSON_SYNTAX",
    /// The document ends in the middle. Copy the object again.
    JsonTruncated = "JSON_TRUNCATED",
    /// A whole document is followed by something else.
    JsonTrailingData = "JSON_TRAILING_DATA",
    /// Nested deeper than the limit (128).
    JsonDepth = "JSON_DEPTH",
    /// A key stands twice where readers would disagree which one counts.
    JsonDuplicateKey = "JSON_DUPLICATE_KEY",
    /// JSON, but its root or its Records are of a kind that no CloudTrail file has.
    JsonShape = "JSON_SHAPE",
    /// Half a surrogate pair (`\ud800` alone): no text can hold it.
    LoneSurrogate = "LONE_SURROGATE",
    /// An element that is not a record: a string, a number, null, an unrelated object.
    RecordShape = "RECORD_SHAPE",
    /// The record says no time.
    NoEventTime = "NO_EVENT_TIME",
    /// eventTime is no time of RFC 3339.
    BadTime = "BAD_TIME",
    /// Sound, but not CloudTrail: another log in the same bucket, a notification, a policy.
    NotCloudtrail = "NOT_CLOUDTRAIL",
    /// A digest file offered as a log. It proves log files; it holds no events.
    DigestObject = "DIGEST_OBJECT",
    /// An object key longer than the 1,024 bytes that S3 allows.
    KeyLimit = "KEY_LIMIT",
}
}

codes! {
/// What was odd about something that was taken all the same.
Warning {
    /// Compressed twice; a proxy between S3 and here compresses again.
    DoubleGzip = "DOUBLE_GZIP",
    /// Named .gz, but plain: an S3 client inflated it while downloading.
    NotCompressed = "NOT_COMPRESSED",
    /// A byte order mark before the document.
    Bom = "BOM",
    /// An array without the Records wrapper.
    BareArray = "BARE_ARRAY",
    /// Several documents one after another, as a rule one a line.
    Ndjson = "NDJSON",
    /// Output of `aws cloudtrail lookup-events`: management events of 90 days only.
    LookupEventsShape = "LOOKUP_EVENTS_SHAPE",
    /// EventBridge envelopes: read-only events are missing unless the rule asked for them.
    EventbridgeShape = "EVENTBRIDGE_SHAPE",
    /// CloudWatch Logs subscription data.
    SubscriptionShape = "SUBSCRIPTION_SHAPE",
    /// Lines of a CloudWatch Logs export to S3: a time, a space, the record.
    LogsExportShape = "LOGS_EXPORT_SHAPE",
    /// One record alone, without any wrapper.
    SingleEvent = "SINGLE_EVENT",
    /// Other keys stand beside Records.
    ExtraTopLevel = "EXTRA_TOP_LEVEL",
    /// The key's stamp contradicts its date folders, or lies after the ingest; it is not believed.
    KeyTime = "KEY_TIME",
    /// More than 65,536 keys in one record.
    WideRecord = "WIDE_RECORD",
    /// No eventID: the record's identity is the hash of its bytes.
    NoEventId = "NO_EVENT_ID",
    /// eventID is not a UUID.
    OddEventId = "ODD_EVENT_ID",
    /// Another record with the same eventID says something else. Both are kept: one of them may be forged.
    EventIdConflict = "EVENT_ID_CONFLICT",
    /// eventTime names a leap second; it counts as the second before.
    LeapSecond = "LEAP_SECOND",
    /// eventTime lies more than a day after delivery; the record stands on its delivery date.
    FutureTime = "FUTURE_TIME",
    /// eventTime lies before 2013, when CloudTrail began; the record stands on its delivery date.
    AncientTime = "ANCIENT_TIME",
    /// eventVersion is newer than the newest this version knows.
    NewEventVersion = "NEW_EVENT_VERSION",
    /// No eventVersion: the record was shortened by some tool.
    NoEventVersion = "NO_EVENT_VERSION",
    /// A field has another JSON type than AWS documents; it is null or its literal text, `raw` keeps it.
    FieldType = "FIELD_TYPE",
    /// userIdentity, eventSource or eventName is not there.
    FieldMissing = "FIELD_MISSING",
    /// recipientAccountId is not twelve digits.
    FieldFormat = "FIELD_FORMAT",
    /// recipientAccountId is not the account of the object's key.
    AccountMismatch = "ACCOUNT_MISMATCH",
}
}

/// One thing that could not be taken: where it is and why. `offset` and `len` are within the inflated bytes, except
/// for faults of the compression itself, where they are within the object's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    pub reason: Reason,
    /// What was found where, for people; not an interface.
    pub detail: String,
    /// Position among the file's records; `None` when the file as a whole is rejected.
    pub index: Option<usize>,
    pub offset: usize,
    pub len: usize,
}

impl Reject {
    /// A reject of the whole file.
    pub fn of_file(reason: Reason, len: usize, detail: impl Into<String>) -> Reject {
        Reject { reason, detail: detail.into(), index: None, offset: 0, len }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_upper_snake_case_and_unique() {
        let codes: Vec<&str> =
            Reason::ALL.iter().map(|reason| reason.code()).chain(Warning::ALL.iter().map(|w| w.code())).collect();
        for code in &codes {
            assert!(code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_'), "{code}");
        }
        let distinct: std::collections::HashSet<_> = codes.iter().collect();
        assert_eq!(distinct.len(), codes.len());
    }
}
