//! A Rust file taken apart far enough for the rules: code, comments and string literals apart from each other, tests
//! apart from the product, lengths of functions. No syntax tree: a scanner knows all that the rules ask, and costs no
//! dependency. Line numbers are the file's own in every part.

/// The parts of one file. `code` and `product_code` keep the file's lines; what does not belong there is blank.
pub struct RustSource {
    pub first_line: String,
    pub line_count: usize,
    /// Without comments and literals.
    pub code: String,
    /// `code` without what stands under `#[cfg(test)]`.
    pub product_code: String,
    /// Line and text of every comment.
    pub comments: Vec<(usize, String)>,
    /// Line and content of every string literal of the product.
    pub product_literals: Vec<(usize, String)>,
    /// Names declared as `#[cfg(test)] mod name;`.
    pub test_modules: Vec<String>,
    /// Every literal, test or not: `#[path = "…"]` and `include!` name files.
    pub literals: Vec<(usize, String)>,
}

/// A function of the product and how many lines it spans.
#[derive(Debug, PartialEq)]
pub struct FunctionLength {
    pub name: String,
    pub line: usize,
    pub line_count: usize,
}

impl RustSource {
    /// Never fails: on text that is not Rust the parts are merely less useful.
    pub fn parse(text: &str) -> RustSource {
        let scanned = Scan::of(text);
        let regions = test_regions(&scanned.code);
        let test_modules = regions.iter().filter_map(|region| declared_module(&scanned.code[region.clone()])).collect();
        let mut product_code = scanned.code.clone();
        for region in &regions {
            let blank: String = blank(&scanned.code[region.clone()]);
            product_code.replace_range(region.clone(), &blank);
        }
        let test_lines: Vec<(usize, usize)> = regions
            .iter()
            .map(|region| (line_of(&scanned.code, region.start), line_of(&scanned.code, region.end)))
            .collect();
        let is_product = |line: usize| !test_lines.iter().any(|(first, last)| (*first..=*last).contains(&line));
        RustSource {
            first_line: text.lines().next().unwrap_or_default().to_owned(),
            line_count: text.lines().count(),
            product_code,
            comments: scanned.comments,
            product_literals: scanned.literals.iter().filter(|(line, _)| is_product(*line)).cloned().collect(),
            test_modules,
            literals: scanned.literals,
            code: scanned.code,
        }
    }

    /// The product's lines with code on them, numbered from 1.
    pub fn product_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.product_code.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// Lines outside tests, blank and comment lines included: what the limit on a file's length is about.
    pub fn product_line_count(&self) -> usize {
        let in_tests: usize =
            test_regions(&self.code).iter().map(|region| self.code[region.clone()].lines().count()).sum();
        self.line_count.saturating_sub(in_tests)
    }

    /// Every function of the product that has a body.
    pub fn function_lengths(&self) -> Vec<FunctionLength> {
        let code = &self.product_code;
        words(code)
            .filter(|(_, word)| *word == "fn")
            .filter_map(|(start, _)| {
                let (_, name) = words(&code[start + 2..]).next()?;
                let open = body_start(code, start)?;
                let end = matching_brace(code, open)?;
                let line = line_of(code, start);
                Some(FunctionLength { name: name.to_owned(), line, line_count: line_of(code, end) - line + 1 })
            })
            .collect()
    }
}

/// Identifiers and keywords with their byte offsets.
pub fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest + code[rest..].find(is_word)?;
        let length = code[start..].find(|character| !is_word(character)).unwrap_or(code.len() - start);
        rest = start + length;
        Some((start, &code[start..rest]))
    })
}

/// The line (from 1) that byte `offset` lies on.
pub fn line_of(text: &str, offset: usize) -> usize {
    text[..offset.min(text.len())].matches('\n').count() + 1
}

struct Scan {
    code: String,
    comments: Vec<(usize, String)>,
    literals: Vec<(usize, String)>,
}

impl Scan {
    fn of(text: &str) -> Scan {
        let mut scan = Scan { code: String::with_capacity(text.len()), comments: Vec::new(), literals: Vec::new() };
        let mut rest = text;
        let mut line = 1;
        while let Some(character) = rest.chars().next() {
            let (length, kind) = token(rest, scan.code.chars().next_back());
            let (taken, left) = rest.split_at(length);
            match kind {
                Token::Code => scan.code.push(character),
                Token::Comment => scan.comments.push((line, taken.to_owned())),
                Token::Literal => scan.literals.push((line, content(taken))),
                Token::Character => {}
            }
            if kind != Token::Code {
                scan.code.push_str(&blank(taken));
            }
            line += taken.matches('\n').count();
            rest = left;
        }
        scan
    }
}

#[derive(PartialEq)]
enum Token {
    Code,
    Comment,
    Literal,
    Character,
}

/// Length and kind of what `text` begins with; `before` tells an identifier's end from a literal's prefix.
fn token(text: &str, before: Option<char>) -> (usize, Token) {
    let first = text.chars().next().map_or(0, char::len_utf8);
    let after_word = before.is_some_and(|character| character.is_alphanumeric() || character == '_');
    if text.starts_with("//") {
        return (text.find('\n').unwrap_or(text.len()), Token::Comment);
    }
    if text.starts_with("/*") {
        return (block_comment_length(text), Token::Comment);
    }
    if text.starts_with('"') {
        return (string_length(text, 1), Token::Literal);
    }
    if !after_word && let Some(length) = prefixed_string_length(text) {
        return (length, Token::Literal);
    }
    if text.starts_with('\'')
        && let Some(length) = character_length(text)
    {
        return (length, Token::Character);
    }
    (first, Token::Code)
}

fn block_comment_length(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

fn string_length(text: &str, start: usize) -> usize {
    let mut escaped = false;
    for (offset, character) in text[start..].char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return start + offset + 1,
            _ => {}
        }
    }
    text.len()
}

fn prefixed_string_length(text: &str) -> Option<usize> {
    let prefix = ["br", "cr", "r", "b", "c"].into_iter().find(|prefix| {
        text.strip_prefix(prefix)
            .is_some_and(|rest| rest.starts_with('"') || rest.trim_start_matches('#').starts_with('"'))
    })?;
    if !prefix.ends_with('r') {
        return text[prefix.len()..].starts_with('"').then(|| string_length(text, prefix.len() + 1));
    }
    let hashes = text[prefix.len()..].chars().take_while(|character| *character == '#').count();
    let start = prefix.len() + hashes + 1;
    let close = format!("\"{}", "#".repeat(hashes));
    Some(text[start..].find(&close).map_or(text.len(), |offset| start + offset + close.len()))
}

/// `'a'` and `'\n'` are characters, `'a` in `&'a str` is not.
fn character_length(text: &str) -> Option<usize> {
    let mut characters = text[1..].chars();
    let first = characters.next()?;
    if first == '\\' {
        let escaped = characters.next()?.len_utf8();
        return text[2 + escaped..].find('\'').map(|offset| 2 + escaped + offset + 1);
    }
    (characters.next() == Some('\'')).then(|| 1 + first.len_utf8() + 1)
}

fn content(literal: &str) -> String {
    literal.trim_start_matches(|c: char| c.is_ascii_alphabetic()).trim_matches('#').trim_matches('"').to_owned()
}

fn blank(text: &str) -> String {
    text.chars()
        .map(|character| if character == '\n' { "\n".to_owned() } else { " ".repeat(character.len_utf8()) })
        .collect()
}

fn test_regions(code: &str) -> Vec<std::ops::Range<usize>> {
    let mut regions = Vec::new();
    let mut from = 0;
    while let Some(offset) = code[from..].find("#[cfg(test)]") {
        let start = from + offset;
        let end = item_end(code, start + "#[cfg(test)]".len());
        regions.push(start..end);
        from = end;
    }
    regions
}

fn item_end(code: &str, start: usize) -> usize {
    match code[start..].find(['{', ';']).map(|offset| start + offset) {
        Some(at) if code[at..].starts_with('{') => matching_brace(code, at).map_or(code.len(), |end| end + 1),
        Some(at) => at + 1,
        None => code.len(),
    }
}

fn declared_module(item: &str) -> Option<String> {
    if !item.ends_with(';') {
        return None;
    }
    let mut names = words(item).map(|(_, word)| word).skip_while(|word| *word != "mod").skip(1);
    names.next().map(str::to_owned)
}

/// The `{` of the body of the function at `start`; none for a declaration without one.
fn body_start(code: &str, start: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (offset, character) in code[start..].char_indices() {
        match character {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            '{' if depth == 0 => return Some(start + offset),
            ';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

fn matching_brace(code: &str, open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (offset, character) in code[open..].char_indices() {
        match character {
            '{' => depth += 1,
            '}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(open + offset);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_no_code() {
        let check =
            |text: &str, expected: &str| assert_eq!(RustSource::parse(text).code.trim_end(), expected, "{text}");
        check("let a = 1; // fn x", "let a = 1;");
        check("a /* b /* c */ d */ e", "a                   e");
        check(r#"f("a\"b", 'c', '\'', '\u{1F600}') "#, "f(      ,    ,     ,            )");
        check("fn f<'a>(x: &'a str)", "fn f<'a>(x: &'a str)");
        check("r#\"x \" y\"# + br\"z\"", "           +");
        check("for r in b", "for r in b");
        check("x = \"日本\" ;", "x =          ;");
    }

    #[test]
    fn what_stands_under_cfg_test_is_not_the_product() {
        let source =
            RustSource::parse("fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() { \"x\"; }\n}\nfn c() { \"y\"; }\n");
        let names: Vec<String> = source.function_lengths().into_iter().map(|function| function.name).collect();
        assert_eq!(names, ["a", "c"]);
        assert_eq!(source.product_literals, [(6, "y".to_owned())]);
        assert_eq!(source.product_line_count(), 2);
    }

    #[test]
    fn a_module_may_be_declared_for_tests_alone() {
        assert_eq!(RustSource::parse("#[cfg(test)]\nmod kill_matrix;\nmod ingest;\n").test_modules, ["kill_matrix"]);
    }

    #[test]
    fn the_length_of_a_function_runs_from_its_name_to_its_brace() {
        let check = |text: &str, expected: &[(&str, usize, usize)]| {
            let found = RustSource::parse(text).function_lengths();
            let found: Vec<(&str, usize, usize)> =
                found.iter().map(|function| (function.name.as_str(), function.line, function.line_count)).collect();
            assert_eq!(found, expected, "{text}");
        };
        check("trait T { fn a(&self) -> [u8; 4]; }", &[]);
        check("\nfn a(\n x: [u8; 4],\n) {\n if x { 1 }\n}\n", &[("a", 2, 5)]);
        check("fn a() { fn b() {} }", &[("a", 1, 1), ("b", 1, 1)]);
    }
}
