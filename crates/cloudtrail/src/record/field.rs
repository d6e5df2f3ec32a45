//! The keys that Tadoru knows at the top of an object: CloudTrail's record fields, and the keys of the envelopes that
//! records travel in (Records, EventBridge, LookupEvents, CloudWatch Logs, digests). Others stay in `raw` alone.

/// Declares the fields and how a key's bytes become one, by length first.
macro_rules! fields {
    ($($(#[$doc:meta])* $variant:ident = $key:literal,)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum Field { $($(#[$doc])* $variant,)* }

        impl Field {
            pub const COUNT: usize = [$(Field::$variant),*].len();

            /// The field of a key as it stands in the file, quotes and escapes gone.
            #[inline]
            pub fn of(key: &[u8]) -> Option<Field> {
                match key {
                    $($key => Some(Field::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

fields! {
    EventVersion = b"eventVersion",
    UserIdentity = b"userIdentity",
    EventTime = b"eventTime",
    EventSource = b"eventSource",
    EventName = b"eventName",
    AwsRegion = b"awsRegion",
    SourceIpAddress = b"sourceIPAddress",
    UserAgent = b"userAgent",
    ErrorCode = b"errorCode",
    ErrorMessage = b"errorMessage",
    RequestParameters = b"requestParameters",
    ResponseElements = b"responseElements",
    AdditionalEventData = b"additionalEventData",
    RequestId = b"requestID",
    EventId = b"eventID",
    ReadOnly = b"readOnly",
    Resources = b"resources",
    EventType = b"eventType",
    ApiVersion = b"apiVersion",
    ManagementEvent = b"managementEvent",
    RecipientAccountId = b"recipientAccountId",
    ServiceEventDetails = b"serviceEventDetails",
    SharedEventId = b"sharedEventID",
    VpcEndpointId = b"vpcEndpointId",
    VpcEndpointAccountId = b"vpcEndpointAccountId",
    EventCategory = b"eventCategory",
    Addendum = b"addendum",
    SessionCredentialFromConsole = b"sessionCredentialFromConsole",
    EdgeDeviceDetails = b"edgeDeviceDetails",
    TlsDetails = b"tlsDetails",
    InsightDetails = b"insightDetails",
    EventContext = b"eventContext",
    Records = b"Records",
    Events = b"Events",
    CloudTrailEvent = b"CloudTrailEvent",
    DetailType = b"detail-type",
    Detail = b"detail",
    MessageType = b"messageType",
    LogEvents = b"logEvents",
    Message = b"message",
    DigestStartTime = b"digestStartTime",
    LogFiles = b"logFiles",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_fits_the_mask_of_seen_keys() {
        const { assert!(Field::COUNT <= 64) };
        assert_eq!(Field::of(b"eventName"), Some(Field::EventName));
        assert_eq!(Field::of(b"EventName"), None);
        assert_eq!(Field::of(b""), None);
    }
}
