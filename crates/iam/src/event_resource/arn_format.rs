//! ARN formats of the service reference: does an ARN have this form, and which ARN comes of the values of its parts?
//! A format is `arn:${Partition}:s3:::${BucketName}/${ObjectName}`; some resource types have several, parted by `, `.

use super::Place;

/// Parts whose values may hold `/`, and in some services `:`, in them.
const LONG_PARTS: [&str; 15] = [
    "ObjectName",
    "ParameterNameWithoutLeadingSlash",
    "LogGroupName",
    "LogStreamName",
    "SecretId",
    "Alias",
    "RepositoryName",
    "EntityPath",
    "FunctionName",
    "OidcProviderName",
    "RuleName",
    "Key",
    "TopicName",
    "AlarmName",
    "StageName",
];

/// One format, cut at its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ArnFormat<'f> {
    /// What stands before each part, and the part's name; the last one may have no part.
    pieces: Vec<(&'f str, Option<&'f str>)>,
}

/// The formats of a resource type.
pub(super) fn formats(text: &str) -> impl Iterator<Item = ArnFormat<'_>> {
    text.split(", ").map(ArnFormat::new)
}

/// Is it a part that every ARN has, not one of the resource's own?
fn is_place(part: &str) -> bool {
    matches!(part, "Partition" | "Region" | "Account")
}

impl<'f> ArnFormat<'f> {
    fn new(text: &'f str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (part, after) = after.split_once('}').unwrap_or((after, ""));
            pieces.push((before, Some(part)));
            rest = after;
        }
        pieces.push((rest, None));
        Self { pieces }
    }

    /// The parts that tell one resource of the type from another.
    pub fn own_parts(&self) -> impl Iterator<Item = &'f str> {
        self.pieces.iter().filter_map(|(_, part)| *part).filter(|part| !is_place(part))
    }

    /// The value of each own part, if the ARN has this form.
    pub fn read<'a>(&self, arn: &'a str) -> Option<Vec<&'a str>> {
        let mut values = Vec::new();
        read_pieces(&self.pieces, arn, &mut values).then_some(values)
    }

    /// The ARN of these own parts, in their order; `*` for what is not known.
    pub fn write(&self, place: &Place<'_>, own: &[Option<String>]) -> String {
        let mut own = own.iter();
        let mut arn = String::new();
        for (before, part) in &self.pieces {
            arn.push_str(before);
            match part {
                None => {}
                Some("Partition") => arn.push_str(place.partition),
                Some("Region") => arn.push_str(place.region),
                Some("Account") => arn.push_str(place.account),
                Some(_) => arn.push_str(own.next().and_then(Option::as_deref).unwrap_or("*")),
            }
        }
        arn
    }
}

/// Reads the rest of an ARN; a part takes as little as lets the rest fit.
fn read_pieces<'a>(pieces: &[(&str, Option<&str>)], arn: &'a str, values: &mut Vec<&'a str>) -> bool {
    let Some(((before, part), further)) = pieces.split_first() else { return arn.is_empty() };
    let Some(rest) = arn.strip_prefix(before) else { return false };
    let Some(part) = part else { return rest.is_empty() };
    let next = further.first().map_or("", |(before, _)| *before);
    let is_long = LONG_PARTS.contains(part) || part.ends_with("WithPath");
    let longest = match is_long {
        true => rest.len(),
        false => rest.find(['/', ':']).unwrap_or(rest.len()),
    };
    let least = usize::from(!is_place(part));
    for (end, _) in rest.char_indices().chain([(rest.len(), ' ')]).filter(|(end, _)| (least..=longest).contains(end)) {
        if !rest[end..].starts_with(next) || further.len() == 1 && next.is_empty() && end < rest.len() {
            continue;
        }
        let known = values.len();
        if !is_place(part) {
            values.push(&rest[..end]);
        }
        if read_pieces(further, &rest[end..], values) {
            return true;
        }
        values.truncate(known);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_is_read_by_its_format() {
        let check = |format: &str, arn: &str, expected: Option<&[&str]>| {
            assert_eq!(ArnFormat::new(format).read(arn).as_deref(), expected, "{format} {arn}");
        };
        let bucket = "arn:${Partition}:s3:::${BucketName}";
        let object = "arn:${Partition}:s3:::${BucketName}/${ObjectName}";
        let table = "arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}";
        check(bucket, "arn:aws:s3:::b", Some(&["b"]));
        check(bucket, "arn:aws:s3:::b/k", None);
        check(object, "arn:aws-cn:s3:::b/k/日/x", Some(&["b", "k/日/x"]));
        check(object, "arn:aws:s3:::b/", None);
        check(table, "arn:aws:dynamodb:eu-west-1:1:table/T", Some(&["T"]));
        check(table, "arn:aws:dynamodb:eu-west-1:1:table/T/index/I", None);
        let index = "arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}/index/${IndexName}";
        check(index, "arn:aws:dynamodb:eu-west-1:1:table/T/index/I", Some(&["T", "I"]));
        let role = "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}";
        check(role, "arn:aws:iam::1:role/a/b/R", Some(&["a/b/R"]));
        check(role, "arn:aws:iam::1:user/a", None);
        let stream = "arn:${Partition}:logs:${Region}:${Account}:log-group:${LogGroupName}:log-stream:${LogStreamName}";
        check(stream, "arn:aws:logs:eu-west-1:1:log-group:/a:b:log-stream:x/y", Some(&["/a:b", "x/y"]));
        check("arn:${Partition}:glue:${Region}:${Account}:catalog", "arn:aws:glue:eu-west-1:1:catalog", Some(&[]));
        check(bucket, "*", None);
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_again(bucket in "[a-z]{1,8}", key in "[a-z/:日]{1,12}") {
            let format = ArnFormat::new("arn:${Partition}:s3:::${BucketName}/${ObjectName}");
            let place = Place { partition: "aws", region: "eu-west-1", account: "1" };
            let arn = format.write(&place, &[Some(bucket.clone()), Some(key.clone())]);
            proptest::prop_assert_eq!(format.read(&arn), Some(vec![bucket.as_str(), key.as_str()]));
        }

        #[test]
        fn any_text_can_be_read(format in "(arn:|\\$\\{(Partition|Alias|X)\\}|[:/a]){0,8}", arn in "[arn:/日]{0,16}") {
            let _ = ArnFormat::new(&format).read(&arn);
        }
    }
}
