//! The questions that `demo` asks of the sample organisation, as a person would type them. Their answers are the stories
//! planted by `sample`, whose truth the tests compare them with.

/// A question of the demo: what is asked, and the command that answers it.
pub const STORIES: &[(&str, &[&str])] = &[
    ("Where are logs missing?", &["status", "--gaps"]),
    (
        "Which of its hundreds of permissions does ReportBuilder use?",
        &[
            "access-advisor",
            "ReportBuilder",
            "--used",
            "--granularity",
            "action",
            "--columns",
            "service_namespace,action_name,event_count,last_authenticated",
        ],
    ),
    (
        "The nightly export fails since Friday: what was denied, and when did it begin?",
        &[
            "events",
            "role=NightlyExport error=AccessDenied*",
            "--since",
            "2026-06-18",
            "--columns",
            "time,event_source,event_name,error_code",
        ],
    ),
    (
        "And who changed its policy?",
        &[
            "events",
            "event=CreatePolicyVersion request.policyArn=*NightlyExportPolicy",
            "--columns",
            "time,event_name,session_name,source_ip,event_id",
        ],
    ),
    (
        "An access key was leaked: what did the stranger do with it?",
        &[
            "events",
            "key=AKIAAPJ2OHR7HEXAMPLE ip=203.0.113.77",
            "--columns",
            "time,event_name,source_ip,region,error_code",
        ],
    ),
    (
        "Who signed in to the console without MFA?",
        &[
            "sql",
            "SELECT eventtime, username, sourceipaddress FROM events WHERE eventname = 'ConsoleLogin' \
             AND json_extract_scalar(additionaleventdata, '$.MFAUsed') = 'No' AND outcome = 'ok'",
        ],
    ),
    (
        "Who deleted a bucket, and who tried?",
        &["who-accessed", "s3:DeleteBucket", "--columns", "principal,last_used,event_count,denied_count"],
    ),
];
