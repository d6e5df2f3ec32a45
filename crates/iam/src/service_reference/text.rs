//! The text form of a service reference, as `data/service_reference.txt` has it: `@namespace name`, then the service's
//! actions, `%resource type` and `?condition key` lines, fields between tabs. What a field may hold is said at the head of
//! that file. Behind the access level stand marks: `-` no API operation of that name, `a` or `A` not tracked or tracked
//! by Access Advisor, `g` or `G` for the policies of Access Analyzer.

use super::{ADVISOR_NAMES, AccessLevel, Action, Entry, ResourceType, Service, compare_any_case};

/// Why a text is no service reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextError {
    /// The line, counted from one.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl std::fmt::Display for TextError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "line {}: {}", self.line, self.reason)
    }
}

impl std::error::Error for TextError {}

/// The services of a text, sorted by namespace, their actions by name.
pub(super) fn entries(text: &'static str) -> Result<Vec<Entry>, TextError> {
    let mut entries: Vec<Entry> = Vec::with_capacity(512);
    for (position, line) in text.lines().enumerate() {
        add(&mut entries, line).map_err(|reason| TextError { line: position + 1, reason })?;
    }
    if entries.is_empty() {
        return Err(TextError { line: 1, reason: "no line begins a service: `@namespace<TAB>name`".into() });
    }
    for entry in &mut entries {
        entry.actions.sort_by(|a, b| compare_any_case(a.name, b.name));
    }
    entries.sort_by(|a, b| compare_any_case(a.service.namespace, b.service.namespace));
    Ok(entries)
}

fn add(entries: &mut Vec<Entry>, line: &'static str) -> Result<(), String> {
    let (first, rest) = line.split_once('\t').unwrap_or((line, ""));
    let Some(kind) = first.as_bytes().first().filter(|kind| **kind != b'#') else { return Ok(()) };
    if *kind == b'@' {
        entries.push(entry(name(&first[1..])?, rest));
        return Ok(());
    }
    let Some(entry) = entries.last_mut() else {
        return Err("the first service begins later: `@namespace<TAB>name`".into());
    };
    let (second, third) = rest.split_once('\t').unwrap_or((rest, ""));
    match kind {
        b'%' if !second.starts_with("arn:") => return Err(format!("`{second}` is no ARN format")),
        b'%' => {
            let name = &first[1..];
            entry.resource_types.push(ResourceType { name, arn_format: second, condition_keys: third });
        }
        b'?' => entry.condition_keys.push((name(&first[1..])?, second)),
        _ => entry.actions.push(action(entry.service.namespace, name(first)?, second, third)?),
    }
    Ok(())
}

/// A name without blanks; resource types may have them.
fn name(text: &'static str) -> Result<&'static str, String> {
    if text.is_empty() || text.contains(char::is_whitespace) {
        return Err(format!("`{text}` is no name; fields stand between tabs"));
    }
    Ok(text)
}

fn entry(namespace: &'static str, name: &'static str) -> Entry {
    let name = ADVISOR_NAMES.iter().find(|(known, _)| *known == namespace).map_or(name, |(_, name)| name);
    let service = Service { namespace, name };
    Entry { service, actions: Vec::new(), resource_types: Vec::new(), condition_keys: Vec::new() }
}

fn action(
    namespace: &'static str,
    name: &'static str,
    level: &'static str,
    rest: &'static str,
) -> Result<Action, String> {
    let (resource_types, condition_keys) = rest.split_once('\t').unwrap_or((rest, ""));
    let mut marks = level.chars();
    let access_level = match marks.next() {
        Some('L') => AccessLevel::List,
        Some('R') => AccessLevel::Read,
        Some('W') => AccessLevel::Write,
        Some('P') => AccessLevel::PermissionsManagement,
        Some('T') => AccessLevel::Tagging,
        _ => return Err(format!("`{level}` is no access level of {name}: L, R, W, P or T")),
    };
    let mut action = Action {
        name,
        access_level,
        has_operation: true,
        namespace,
        resource_types,
        condition_keys,
        last_accessed: None,
        policy_generation: None,
    };
    for mark in marks {
        match mark {
            '-' => action.has_operation = false,
            'a' | 'A' => action.last_accessed = Some(mark == 'A'),
            'g' | 'G' => action.policy_generation = Some(mark == 'G'),
            _ => return Err(format!("`{mark}` behind the access level of {name} is no mark: -, a, A, g or G")),
        }
    }
    Ok(action)
}
