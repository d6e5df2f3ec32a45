//! Names that somebody may have meant who wrote another: of services and actions here, of principals in `questions`.

/// Those of `names` that are like `text` in any letter case, the nearest first, at most `most`: containing it, contained in
/// it, or few edits away.
pub fn most_similar<'n>(text: &str, names: impl Iterator<Item = &'n str>, most: usize) -> Vec<&'n str> {
    let wanted = text.to_lowercase();
    let edits_to = |name: &str| {
        let name = name.to_lowercase();
        let contains = wanted.len() >= 3 && name.contains(&wanted) || name.len() >= 3 && wanted.contains(&name);
        let edits = if contains { usize::from(name != wanted) } else { distance(&name, &wanted) };
        (edits <= 2 && edits < wanted.len().min(name.len())).then_some((edits, name.len()))
    };
    let mut near: Vec<_> = names.filter_map(|name| Some((edits_to(name)?, name))).collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().take(most).map(|(_, name)| name).collect()
}

/// Levenshtein's distance in characters.
pub fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let kept = corner + usize::from(from != *to);
            corner = row[j + 1];
            row[j + 1] = kept.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_come_first() {
        let names = ["cloudwatch", "cloudtrail", "Amazon CloudWatch", "s3", "s3express", "iam"];
        let check = |text: &str, expected: &[&str]| {
            assert_eq!(most_similar(text, names.iter().copied(), 3), expected, "{text}");
        };
        check("cloudwach", &["cloudwatch"]);
        check("CLOUDWATCH", &["cloudwatch", "Amazon CloudWatch"]);
        check("watch", &["cloudwatch", "Amazon CloudWatch"]);
        check("ima", &["iam"]);
        check("zzz", &[]);
        check("", &[]);
    }
}
