//! JSON text with blanks: `%` and a letter stand for a name or number of this event.
//! A blank is filled from the event's account, region, time and key, so that a record can be written again byte for byte.

use std::fmt::Write;

use crate::account::ACCOUNTS;
use crate::calendar;
use crate::event::Event;
use crate::random::{ALNUM, Random, UPPER, name_seed};

const WORDS: &[&str] = &[
    "orders",
    "invoices",
    "catalog",
    "payments",
    "search",
    "shipping",
    "mobile-api",
    "web",
    "reports",
    "identity",
    "batch",
    "ledger",
];
const ROLES: &[&str] = &["OrderIngest", "WebFrontend", "InvoiceApi", "LogShipper", "LambdaBasic", "EcsTask", "Ec2Web"];

/// Fills the blanks of one event's templates, each template with a stream of its own.
pub(crate) struct Template<'a> {
    pub event: &'a Event<'a>,
    pub session_arn: &'a str,
}

impl Template<'_> {
    /// Appends `text` with its blanks filled. `part` tells the templates of one event apart.
    pub fn write(&self, out: &mut String, text: &str, part: u64) {
        // The same names in parameters, response and resources: what was asked for is what was answered.
        let mut named = Random::new(&[self.event.key, 0x7e]);
        let thing = named.next();
        let mut random = Random::new(&[self.event.key, 0x7f, part]);
        let mut pieces = text.split('%');
        out.push_str(pieces.next().unwrap_or_default());
        for piece in pieces {
            let mut letters = piece.chars();
            if let Some(blank) = letters.next() {
                self.fill(out, blank, thing, &mut random);
            }
            out.push_str(letters.as_str());
        }
    }

    fn fill(&self, out: &mut String, blank: char, thing: u64, random: &mut Random) {
        let event = self.event;
        let mut named = Random::new(&[thing, u64::from(blank)]);
        let word = WORDS[(thing % WORDS.len() as u64) as usize];
        match blank {
            'a' => out.push_str(ACCOUNTS[event.account].id),
            'r' => out.push_str(event.region),
            's' => out.push_str(if event.caller.session.is_empty() { event.caller.name } else { event.caller.session }),
            'P' => out.push_str(self.session_arn),
            't' => calendar::event_time(out, event.time),
            'T' => calendar::response_time(out, event.time),
            'E' => calendar::response_time(out, event.time + calendar::HOUR),
            'n' => out.push_str(word),
            'b' => push(out, format_args!("hoge-{word}-{}", ACCOUNTS[event.account].name)),
            'f' => push(out, format_args!("{word}-handler")),
            'q' => push(out, format_args!("{word}-table")),
            'p' => push(out, format_args!("/{}/{word}/database/password", ACCOUNTS[event.account].name)),
            'w' => out.push_str(ROLES[named.below(ROLES.len() as u32) as usize]),
            'o' => {
                out.push_str("data/");
                calendar::folder(out, event.time);
                push(out, format_args!("/{word}-"));
                named.hex(out, 12);
                out.push_str(".json.gz");
            }
            'k' => Random::new(&[name_seed(event.region), event.account as u64, thing % 4]).uuid(out),
            'l' => named.hex(out, 17),
            'h' => named.hex(out, 8),
            'H' => named.hex(out, 64),
            'u' => random.uuid(out),
            'd' => push(out, format_args!("{}", 1 + named.below(98))),
            'D' => push(out, format_args!("{}", named.below(2_000_000))),
            'R' => named.text(out, UPPER, 17),
            'A' => write_access_key(out, &mut named),
            'S' => {
                out.push_str("IQoJb3JpZ2luX2VjEXAMPLE");
                named.text(out, ALNUM, 300);
            }
            'z' => named.text(out, ALNUM, 44),
            'I' => instances(out, event, random),
            'B' => resources(out, random),
            'Y' => statements(out, event, random),
            _ => unreachable!("the catalog has no blank %{blank}"),
        }
    }
}

/// `ASIA…EXAMPLE`: the form of a temporary key, and nobody's.
pub(crate) fn write_access_key(out: &mut String, random: &mut Random) {
    out.push_str("ASIA");
    random.text(out, UPPER, 9);
    out.push_str("EXAMPLE");
}

/// How many items a bulky part has: mostly few, seldom hundreds.
fn bulk(random: &mut Random, most: u32) -> u32 {
    let doublings = (random.next() | 1 << 40).trailing_zeros();
    (1 + random.below(3)).saturating_mul(1 << doublings.min(16)).min(most)
}

fn instances(out: &mut String, event: &Event, random: &mut Random) {
    for item in 0..bulk(random, 60) {
        if item > 0 {
            out.push(',');
        }
        out.push_str(r#"{"instanceId":"i-"#);
        random.hex(out, 17);
        out.push_str(r#"","imageId":"ami-"#);
        random.hex(out, 17);
        let region = event.region;
        push(
            out,
            format_args!(
                r#"","instanceState":{{"code":0,"name":"pending"}},"amiLaunchIndex":{item},"productCodes":{{}},"instanceType":"m6i.large","placement":{{"availabilityZone":"{region}a","tenancy":"default"}},"monitoring":{{"state":"disabled"}},"privateIpAddress":"192.0.2.{}","subnetId":"subnet-"#,
                random.below(254)
            ),
        );
        random.hex(out, 17);
        out.push_str(r#"","vpcId":"vpc-"#);
        random.hex(out, 17);
        out.push_str(r#"","architecture":"x86_64","rootDeviceType":"ebs","rootDeviceName":"/dev/xvda","virtualizationType":"hvm","hypervisor":"xen","ebsOptimized":true,"enaSupport":true,"metadataOptions":{"state":"pending","httpTokens":"required","httpPutResponseHopLimit":2,"httpEndpoint":"enabled"}}"#);
    }
}

/// Resources of a CloudFormation template, escaped: the template is text inside JSON.
fn resources(out: &mut String, random: &mut Random) {
    for item in 0..bulk(random, 220) {
        if item > 0 {
            out.push(',');
        }
        let word = random.pick(WORDS);
        push(
            out,
            format_args!(
                r#"\"Queue{item}\":{{\"Type\":\"AWS::SQS::Queue\",\"Properties\":{{\"QueueName\":\"{word}-{item}\",\"VisibilityTimeout\":{},\"KmsMasterKeyId\":\"alias/aws/sqs\",\"RedrivePolicy\":{{\"maxReceiveCount\":5,\"deadLetterTargetArn\":{{\"Fn::GetAtt\":[\"DeadLetters\",\"Arn\"]}}}}}}}}"#,
                30 + random.below(600)
            ),
        );
    }
}

/// Statements of a bucket policy.
fn statements(out: &mut String, event: &Event, random: &mut Random) {
    let account = ACCOUNTS[event.account].name;
    for item in 0..bulk(random, 180) {
        if item > 0 {
            out.push(',');
        }
        let word = random.pick(WORDS);
        push(
            out,
            format_args!(
                r#"{{"Sid":"Access{item}","Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{}:role/{}"}},"Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::hoge-{word}-{account}/shared/{item}/*","Condition":{{"Bool":{{"aws:SecureTransport":"true"}},"IpAddress":{{"aws:SourceIp":"198.51.100.0/24"}}}}}}"#,
                random.pick(&ACCOUNTS).id,
                random.pick(ROLES)
            ),
        );
    }
}

fn push(out: &mut String, text: std::fmt::Arguments) {
    out.write_fmt(text).expect("a string takes any text");
}
