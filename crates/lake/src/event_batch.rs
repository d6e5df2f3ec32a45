//! Records become rows: `EventBatch` collects records of `cloudtrail` and yields Arrow batches in `event_schema`'s order.
//! What is derived (principal, outcome, date) comes with the record; the batches go to `parquet_file`.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{
    ArrayBuilder, ArrayRef, BooleanBuilder, Date32Builder, Int64Builder, ListArray, NullBufferBuilder, RecordBatch,
    StringBuilder, StructArray, TimestampMicrosecondBuilder,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, FieldRef, SchemaRef};
use cloudtrail::record::Record;
use cloudtrail::user_identity::{SessionContext, UserIdentity};

use crate::timestamp;

/// A record on its way into the lake, with what the batch adds to it.
#[derive(Debug)]
pub struct Row<'r, 'a> {
    pub record: &'r Record<'a>,
    pub object_key: &'r str,
    pub variant: Option<Cow<'static, str>>,
    /// Another event has the same key.
    pub is_conflict: bool,
}

/// Rows being turned into columns.
pub struct EventBatch {
    schema: SchemaRef,
    columns: Vec<ColumnBuilder>,
    rows: usize,
}

impl EventBatch {
    /// An empty batch of the `events` schema.
    pub fn new(schema: SchemaRef) -> Self {
        let columns = schema.fields().iter().map(ColumnBuilder::new).collect();
        Self { schema, columns, rows: 0 }
    }

    /// Adds one event.
    pub fn push(&mut self, row: &Row<'_, '_>) {
        let mut cursor = Cursor { columns: self.columns.iter_mut() };
        push_record(&mut cursor, row);
        debug_assert!(cursor.columns.next().is_none(), "a value for each column");
        self.rows += 1;
    }

    /// How many rows it holds.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether it holds no row.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The rows so far as one Arrow batch; the builder is empty again.
    pub fn finish(&mut self) -> RecordBatch {
        self.rows = 0;
        let columns = self.columns.iter_mut().map(ColumnBuilder::finish).collect();
        RecordBatch::try_new(Arc::clone(&self.schema), columns).expect("columns built from the schema fit it")
    }
}

fn push_record(row: &mut Cursor<'_>, Row { record, object_key, variant, is_conflict }: &Row<'_, '_>) {
    let flag = |value: Option<bool>| value.map(|v| if v { "true" } else { "false" });
    row.text("eventversion", &record.event_version);
    row.nested("useridentity", Some(&record.user_identity), push_identity);
    row.str("eventtime", Some(&timestamp::rfc3339_seconds(record.event_timestamp_us)));
    row.text("eventsource", &record.event_source);
    row.text("eventname", &record.event_name);
    row.text("awsregion", &record.aws_region);
    row.text("sourceipaddress", &record.source_ip_address);
    row.text("useragent", &record.user_agent);
    row.text("errorcode", &record.error_code);
    row.text("errormessage", &record.error_message);
    row.text("requestparameters", &record.request_parameters);
    row.text("responseelements", &record.response_elements);
    row.text("additionaleventdata", &record.additional_event_data);
    row.text("requestid", &record.request_id);
    row.text("eventid", &record.event_id);
    row.str("readonly", flag(record.read_only));
    row.list("resources", &record.resources, |element, resource| {
        element.nested("element", Some(resource), |fields, resource| {
            fields.text("arn", &resource.arn);
            fields.text("accountid", &resource.account_id);
            fields.text("type", &resource.resource_type);
        });
    });
    row.text("eventtype", &record.event_type);
    row.text("apiversion", &record.api_version);
    row.text("recipientaccountid", &record.recipient_account_id);
    row.text("serviceeventdetails", &record.service_event_details);
    row.text("sharedeventid", &record.shared_event_id);
    row.text("vpcendpointid", &record.vpc_endpoint_id);
    row.text("vpcendpointaccountid", &record.vpc_endpoint_account_id);
    row.text("eventcategory", &record.event_category);
    row.text("addendum", &record.addendum);
    row.str("sessioncredentialfromconsole", flag(record.session_credential_from_console));
    row.text("edgedevicedetails", &record.edge_device_details);
    row.nested("tlsdetails", record.tls_details.as_ref(), |fields, tls| {
        fields.text("tlsversion", &tls.tls_version);
        fields.text("ciphersuite", &tls.cipher_suite);
        fields.text("clientprovidedhostheader", &tls.client_provided_host_header);
    });
    row.text("insightdetails", &record.insight_details);
    row.text("eventcontext", &record.event_context);
    row.timestamp("eventtimestamp", Some(record.event_timestamp_us));
    row.date("eventdate", Some(record.event_date_days));
    row.date("deliverydate", record.delivery_date_days);
    row.str("account", Some(&record.account));
    row.str("principal", Some(&record.principal));
    row.str("principaltype", Some(&record.principal_type));
    row.text("sessionname", &record.session_name);
    row.text("accesskeyid", &record.user_identity.access_key_id);
    row.text("username", &record.user_identity.user_name);
    row.text("useridentityarn", &record.user_identity.arn);
    row.boolean("managementevent", record.management_event);
    row.str("outcome", Some(record.outcome.as_str()));
    row.str("copy", Some(record.copy.as_str()));
    row.str("variant", variant.as_deref());
    row.str("objectkey", Some(object_key));
    row.bigint("fingerprint", Some(record.fingerprint.cast_signed()));
    let conflict = is_conflict.then_some("EVENT_ID_CONFLICT");
    let warnings: Vec<&str> = record.warnings.iter().map(|w| w.code()).chain(conflict).collect();
    row.list("warnings", &warnings, |element, code| element.str("element", Some(code)));
    row.str("raw", Some(record.raw));
}

fn push_identity(fields: &mut Cursor<'_>, identity: &UserIdentity<'_>) {
    fields.text("type", &identity.identity_type);
    fields.text("principalid", &identity.principal_id);
    fields.text("arn", &identity.arn);
    fields.text("accountid", &identity.account_id);
    fields.text("invokedby", &identity.invoked_by);
    fields.text("accesskeyid", &identity.access_key_id);
    fields.text("username", &identity.user_name);
    fields.text("identityprovider", &identity.identity_provider);
    fields.text("credentialid", &identity.credential_id);
    let on_behalf = identity.on_behalf_of_user_id.is_some() || identity.on_behalf_of_identity_store_arn.is_some();
    fields.nested("onbehalfof", on_behalf.then_some(identity), |fields, identity| {
        fields.text("userid", &identity.on_behalf_of_user_id);
        fields.text("identitystorearn", &identity.on_behalf_of_identity_store_arn);
    });
    fields.nested("sessioncontext", identity.session_context.as_ref(), push_session_context);
}

fn push_session_context(fields: &mut Cursor<'_>, context: &SessionContext<'_>) {
    let attributes = context.mfa_authenticated.is_some() || context.creation_date.is_some();
    fields.nested("attributes", attributes.then_some(context), |fields, context| {
        fields.text("mfaauthenticated", &context.mfa_authenticated);
        fields.text("creationdate", &context.creation_date);
    });
    let issuer = [
        &context.issuer_type,
        &context.issuer_principal_id,
        &context.issuer_arn,
        &context.issuer_account_id,
        &context.issuer_user_name,
    ];
    fields.nested("sessionissuer", issuer.iter().any(|f| f.is_some()).then_some(context), |fields, context| {
        fields.text("type", &context.issuer_type);
        fields.text("principalid", &context.issuer_principal_id);
        fields.text("arn", &context.issuer_arn);
        fields.text("accountid", &context.issuer_account_id);
        fields.text("username", &context.issuer_user_name);
    });
    fields.text("ec2roledelivery", &context.ec2_role_delivery);
    let federated = context.web_id_federated_provider.is_some() || context.web_id_attributes.is_some();
    fields.nested("webidfederationdata", federated.then_some(context), |fields, context| {
        fields.text("federatedprovider", &context.web_id_federated_provider);
        fields.text("attributes", &context.web_id_attributes);
    });
    fields.text("sourceidentity", &context.source_identity);
}

/// The columns of one row, filled from the first to the last; the names guard the order in debug builds.
struct Cursor<'b> {
    columns: std::slice::IterMut<'b, ColumnBuilder>,
}

impl<'b> Cursor<'b> {
    fn next(&mut self, name: &str) -> &'b mut Values {
        let column = self.columns.next().expect("a column for each value");
        debug_assert_eq!(column.field.name(), name);
        &mut column.values
    }

    fn text(&mut self, name: &str, value: &Option<Cow<'_, str>>) {
        self.str(name, value.as_deref());
    }

    fn str(&mut self, name: &str, value: Option<&str>) {
        let Values::Text(builder) = self.next(name) else { unreachable!("{name} is text") };
        builder.append_option(value);
    }

    fn boolean(&mut self, name: &str, value: Option<bool>) {
        let Values::Bool(builder) = self.next(name) else { unreachable!("{name} is a boolean") };
        builder.append_option(value);
    }

    fn bigint(&mut self, name: &str, value: Option<i64>) {
        let Values::BigInt(builder) = self.next(name) else { unreachable!("{name} is a number") };
        builder.append_option(value);
    }

    fn timestamp(&mut self, name: &str, value: Option<i64>) {
        let Values::Timestamp(builder) = self.next(name) else { unreachable!("{name} is a timestamp") };
        builder.append_option(value);
    }

    fn date(&mut self, name: &str, value: Option<i32>) {
        let Values::Date(builder) = self.next(name) else { unreachable!("{name} is a date") };
        builder.append_option(value);
    }

    fn nested<T>(&mut self, name: &str, value: Option<&T>, push: impl FnOnce(&mut Cursor<'_>, &T)) {
        let Values::Struct { children, nulls } = self.next(name) else { unreachable!("{name} is a struct") };
        nulls.append(value.is_some());
        match value {
            Some(value) => push(&mut Cursor { columns: children.iter_mut() }, value),
            None => children.iter_mut().for_each(|child| child.values.append_null()),
        }
    }

    /// An empty list is NULL, as Athena shows a field that is not there.
    fn list<T>(&mut self, name: &str, values: &[T], mut push: impl FnMut(&mut Cursor<'_>, &T)) {
        let Values::List { element, offsets, nulls } = self.next(name) else { unreachable!("{name} is a list") };
        nulls.append(!values.is_empty());
        let last = *offsets.last().expect("offsets begin with 0");
        offsets.push(last + values.len() as i32);
        for value in values {
            push(&mut Cursor { columns: std::slice::from_mut(&mut **element).iter_mut() }, value);
        }
    }
}

pub(crate) struct ColumnBuilder {
    field: FieldRef,
    values: Values,
}

enum Values {
    Text(StringBuilder),
    Bool(BooleanBuilder),
    BigInt(Int64Builder),
    Timestamp(TimestampMicrosecondBuilder),
    Date(Date32Builder),
    Struct { children: Vec<ColumnBuilder>, nulls: NullBufferBuilder },
    List { element: Box<ColumnBuilder>, offsets: Vec<i32>, nulls: NullBufferBuilder },
}

impl ColumnBuilder {
    fn new(field: &FieldRef) -> Self {
        let values = match field.data_type() {
            DataType::Utf8 => Values::Text(StringBuilder::new()),
            DataType::Boolean => Values::Bool(BooleanBuilder::new()),
            DataType::Int64 => Values::BigInt(Int64Builder::new()),
            DataType::Timestamp(..) => Values::Timestamp(TimestampMicrosecondBuilder::new()),
            DataType::Date32 => Values::Date(Date32Builder::new()),
            DataType::Struct(fields) => {
                Values::Struct { children: fields.iter().map(Self::new).collect(), nulls: NullBufferBuilder::new(0) }
            }
            DataType::List(element) => Values::List {
                element: Box::new(Self::new(element)),
                offsets: vec![0],
                nulls: NullBufferBuilder::new(0),
            },
            other => unreachable!("event_schema makes no {other}"),
        };
        Self { field: Arc::clone(field), values }
    }

    fn finish(&mut self) -> ArrayRef {
        match &mut self.values {
            Values::Text(builder) => {
                // The next batch is likely to be as large: growing from nothing would copy every text several times.
                let next = StringBuilder::with_capacity(builder.len(), builder.values_slice().len());
                Arc::new(std::mem::replace(builder, next).finish())
            }
            Values::Bool(builder) => Arc::new(builder.finish()),
            Values::BigInt(builder) => Arc::new(builder.finish()),
            Values::Timestamp(builder) => Arc::new(builder.finish()),
            Values::Date(builder) => Arc::new(builder.finish()),
            Values::Struct { children, nulls } => {
                let DataType::Struct(fields) = self.field.data_type() else { unreachable!("built from a struct") };
                let columns = children.iter_mut().map(Self::finish).collect();
                Arc::new(StructArray::new(fields.clone(), columns, nulls.finish()))
            }
            Values::List { element, offsets, nulls } => {
                let DataType::List(field) = self.field.data_type() else { unreachable!("built from a list") };
                let offsets = OffsetBuffer::new(std::mem::replace(offsets, vec![0]).into());
                Arc::new(ListArray::new(Arc::clone(field), offsets, element.finish(), nulls.finish()))
            }
        }
    }
}

impl Values {
    fn append_null(&mut self) {
        match self {
            Self::Text(builder) => builder.append_null(),
            Self::Bool(builder) => builder.append_null(),
            Self::BigInt(builder) => builder.append_null(),
            Self::Timestamp(builder) => builder.append_null(),
            Self::Date(builder) => builder.append_null(),
            Self::Struct { children, nulls } => {
                nulls.append_null();
                children.iter_mut().for_each(|child| child.values.append_null());
            }
            Self::List { offsets, nulls, .. } => {
                nulls.append_null();
                offsets.push(*offsets.last().expect("offsets begin with 0"));
            }
        }
    }
}
