//! One API operation as CloudTrail records it: its event source and name, and templates of what the caller asked for
//! and what AWS answered. The operations themselves stand in `call/catalog.rs`; `template` fills the blanks.

mod catalog;

/// What kind of record an operation leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventType {
    ApiCall,
    ServiceEvent,
    ConsoleSignIn,
    VpceEvent,
}

impl EventType {
    pub fn text(self) -> &'static str {
        match self {
            Self::ApiCall => "AwsApiCall",
            Self::ServiceEvent => "AwsServiceEvent",
            Self::ConsoleSignIn => "AwsConsoleSignIn",
            Self::VpceEvent => "AwsVpceEvent",
        }
    }
}

/// One operation. Template fields hold JSON text with blanks (see `template`); empty means the field is absent.
#[derive(Debug)]
pub(crate) struct Call {
    /// First label of the event source.
    pub service: &'static str,
    pub name: &'static str,
    pub read_only: bool,
    pub event_type: EventType,
    pub data: bool,
    /// Used by the background; the rest appears only where a story or the daily routine plants it.
    pub background: bool,
    /// IAM action where its name is not the event's.
    pub action: &'static str,
    pub parameters: &'static str,
    pub response: &'static str,
    pub additional: &'static str,
    pub resources: &'static str,
}

impl Call {
    const fn new(service: &'static str, name: &'static str, parameters: &'static str) -> Self {
        Self {
            service,
            name,
            read_only: true,
            event_type: EventType::ApiCall,
            data: false,
            background: true,
            action: name,
            parameters,
            response: "null",
            additional: "",
            resources: "",
        }
    }

    const fn writes(mut self, response: &'static str) -> Self {
        self.read_only = false;
        self.response = response;
        self
    }

    const fn answers(mut self, response: &'static str) -> Self {
        self.response = response;
        self
    }

    const fn on(mut self, resources: &'static str) -> Self {
        self.resources = resources;
        self
    }

    const fn with(mut self, additional: &'static str) -> Self {
        self.additional = additional;
        self
    }

    const fn needs(mut self, action: &'static str) -> Self {
        self.action = action;
        self
    }

    const fn data(mut self) -> Self {
        self.data = true;
        self
    }

    const fn planted(mut self) -> Self {
        self.background = false;
        self
    }

    const fn kind(mut self, event_type: EventType) -> Self {
        self.event_type = event_type;
        self
    }

    /// Recorded in us-east-1 alone.
    pub fn is_global(&self) -> bool {
        matches!(self.service, "iam" | "organizations" | "route53" | "support")
    }

    /// `iam.amazonaws.com`
    pub fn event_source(&self) -> String {
        format!("{}.amazonaws.com", self.service)
    }

    /// The service namespace of the IAM action, as in `cloudwatch` for monitoring.amazonaws.com.
    pub fn namespace(&self) -> &'static str {
        match self.service {
            "monitoring" => "cloudwatch",
            service => service,
        }
    }

    /// The errorCode of a call that was not permitted, in the spelling of its service.
    pub fn denial(&self) -> &'static str {
        match self.service {
            "ec2" => "Client.UnauthorizedOperation",
            "dynamodb" | "ssm" | "lambda" | "logs" | "kms" | "secretsmanager" => "AccessDeniedException",
            _ => "AccessDenied",
        }
    }

    /// errorCode and errorMessage of a permitted call that failed.
    pub fn failure(&self) -> (&'static str, &'static str) {
        match self.service {
            "ec2" => ("Client.InvalidInstanceID.NotFound", "The instance ID 'i-%l' does not exist"),
            "iam" => ("NoSuchEntity", "The role with name %w cannot be found."),
            "s3" => ("NoSuchBucketPolicy", "The bucket policy does not exist"),
            "ssm" => ("ParameterNotFound", "Parameter %p not found."),
            "dynamodb" => ("ResourceNotFoundException", "Requested resource not found: Table: %q not found"),
            "lambda" => ("ResourceNotFoundException", "Function not found: arn:aws:lambda:%r:%a:function:%f"),
            "cloudformation" => ("ValidationException", "Stack with id %n-%d does not exist"),
            _ => ("ThrottlingException", "Rate exceeded"),
        }
    }
}

/// Every operation, most used first: the background ranks them in this order.
pub(crate) fn all() -> &'static [Call] {
    catalog::CALLS
}

/// The operation written `service:EventName`.
pub(crate) fn find(name: &str) -> &'static Call {
    catalog::CALLS
        .iter()
        .find(|call| name.split_once(':') == Some((call.service, call.name)))
        .unwrap_or_else(|| panic!("the catalog has no {name}"))
}
