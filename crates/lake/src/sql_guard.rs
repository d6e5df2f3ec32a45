//! What a statement must pass before anything plans it: it reads, it is one, it is not a bomb.
//! Works on tokens, without recursion, because a long chain of ORs overflows the planner's stack and a deep one the
//! parser's. The engine checks the plan again and bounds what runs; this file only looks at text.

mod pattern;

use std::borrow::Cow;

use datafusion::sql::sqlparser::ast::Statement;
use datafusion::sql::sqlparser::dialect::{Dialect, GenericDialect};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, Word};

use crate::engine::EngineLimits;
use crate::sql_error::SqlError;

pub(crate) use pattern::check_pattern;

/// Athena's way of writing SQL, as far as the parser is concerned.
#[derive(Debug)]
pub(crate) struct AthenaDialect;

impl Dialect for AthenaDialect {
    fn dialect(&self) -> std::any::TypeId {
        std::any::TypeId::of::<GenericDialect>()
    }
    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_alphabetic() || ch == '_'
    }
    fn is_identifier_part(&self, ch: char) -> bool {
        ch.is_alphanumeric() || ch == '_' || ch == '$'
    }
    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        ch == '"' || ch == '`'
    }
    fn supports_lambda_functions(&self) -> bool {
        true
    }
    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }
    fn supports_group_by_expr(&self) -> bool {
        true
    }
    fn supports_within_after_array_aggregation(&self) -> bool {
        true
    }
    fn supports_window_clause_named_window_reference(&self) -> bool {
        true
    }
    fn supports_limit_comma(&self) -> bool {
        true
    }
    fn supports_trailing_commas(&self) -> bool {
        false
    }
}

/// Straightens the typographic quotes of a pasted statement (“ ” „ ‘ ’ ‚) outside ordinary literals, and a literal's
/// end where only a typographic quote can have been meant. Borrowed = there was nothing to straighten.
pub fn straighten_quotes(sql: &str) -> Cow<'_, str> {
    if !sql.contains(['“', '”', '„', '‘', '’', '‚']) {
        return Cow::Borrowed(sql);
    }
    let (text, terminated) = straightened(sql, false);
    let text = if terminated { text } else { straightened(sql, true).0 };
    if text == sql { Cow::Borrowed(sql) } else { Cow::Owned(text) }
}

/// `inside`: a typographic quote may also end a literal that a straight quote opened. False beside the text: a literal
/// was never closed.
fn straightened(sql: &str, inside: bool) -> (String, bool) {
    #[derive(PartialEq)]
    enum At {
        Code,
        Text { typographic: bool },
        Name,
    }
    let mut at = At::Code;
    let mut out = String::with_capacity(sql.len());
    for c in sql.chars() {
        let (next, c) = match (&at, c) {
            (At::Code, '\'') => (At::Text { typographic: false }, '\''),
            (At::Code, '‘' | '’' | '‚') => (At::Text { typographic: true }, '\''),
            (At::Code, '"' | '“' | '”' | '„') => (At::Name, '"'),
            (At::Name, '"' | '“' | '”') => (At::Code, '"'),
            (At::Text { .. }, '\'') => (At::Code, '\''),
            (At::Text { typographic }, '‘' | '’') if *typographic || inside => (At::Code, '\''),
            (_, c) => {
                out.push(c);
                continue;
            }
        };
        at = next;
        out.push(c);
    }
    (out, at == At::Code)
}

/// Parses one reading statement, after everything that can be refused by looking at tokens has been refused.
/// `limits` None is for statements that Tadoru wrote itself: any size, but still one and reading.
pub(crate) fn parse(sql: &str, limits: Option<&EngineLimits>) -> Result<Statement, SqlError> {
    if let Some(limits) = limits
        && sql.len() > limits.sql_bytes
    {
        return Err(SqlError::SqlLength(limits.sql_bytes));
    }
    let mut tokens =
        Tokenizer::new(&AthenaDialect, sql).tokenize_with_location().map_err(|e| SqlError::Syntax(e.to_string()))?;
    while tokens.last().is_some_and(|t| matches!(t.token, Token::SemiColon | Token::Whitespace(_))) {
        tokens.pop();
    }
    check_verb(&tokens)?;
    if let Some(limits) = limits {
        check_size(&tokens, limits)?;
    }
    let tokens = in_parser_words(tokens);
    const PARSER_DEPTH: usize = 200;
    let statements = Parser::new(&AthenaDialect)
        .with_recursion_limit(PARSER_DEPTH)
        .with_tokens_with_locations(tokens)
        .parse_statements()
        .map_err(|e| match e {
            ParserError::RecursionLimitExceeded => SqlError::SqlDepth(limits.map_or(PARSER_DEPTH, |l| l.nesting_depth)),
            ParserError::ParserError(text) | ParserError::TokenizerError(text) => SqlError::Syntax(text),
        })?;
    let mut statements = statements.into_iter();
    let statement = statements.next().ok_or_else(|| SqlError::Syntax("there is no statement".into()))?;
    if statements.next().is_some() {
        return Err(SqlError::OneStatement);
    }
    check_statement(&statement)?;
    Ok(statement)
}

/// Two spellings that the parser does not know: `VALUES 'a', 'b'` and `CAST(x AS array(json))`.
fn in_parser_words(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let tokens: Vec<_> = tokens.into_iter().filter(|t| !matches!(t.token, Token::Whitespace(_))).collect();
    let is =
        |at: usize, keyword: Keyword| tokens.get(at).and_then(|t| word(&t.token)).is_some_and(|w| w.keyword == keyword);
    let mut out: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        let span = tokens[at].span;
        let plain = |token: Token| TokenWithSpan { token, span };
        let next = tokens.get(at + 1).map(|t| &t.token);
        if is(at, Keyword::VALUES)
            && next.is_some_and(|t| matches!(t, Token::SingleQuotedString(_) | Token::Number(..)))
        {
            out.push(tokens[at].clone());
            while let Some(Token::SingleQuotedString(_) | Token::Number(..)) = tokens.get(at + 1).map(|t| &t.token) {
                out.extend([plain(Token::LParen), tokens[at + 1].clone(), plain(Token::RParen)]);
                let more = matches!(tokens.get(at + 2).map(|t| &t.token), Some(Token::Comma));
                if more {
                    out.push(tokens[at + 2].clone());
                }
                at += if more { 2 } else { 1 };
            }
        } else if is(at, Keyword::AS)
            && is(at + 1, Keyword::ARRAY)
            && tokens.get(at + 2).is_some_and(|t| t.token == Token::LParen)
        {
            out.extend([tokens[at].clone(), tokens[at + 1].clone(), plain(Token::Lt)]);
            at += 3;
            while at < tokens.len() && tokens[at].token != Token::RParen {
                out.push(tokens[at].clone());
                at += 1;
            }
            out.push(plain(Token::Gt));
        } else {
            out.push(tokens[at].clone());
        }
        at += 1;
    }
    out
}

/// Verbs that do something else than read. Anything unknown is left to the parser, which then says where it stumbled.
const VERBS: &[&str] = &[
    "ALTER",
    "ANALYZE",
    "ATTACH",
    "BEGIN",
    "CALL",
    "COMMIT",
    "COPY",
    "CREATE",
    "DEALLOCATE",
    "DELETE",
    "DETACH",
    "DROP",
    "EXECUTE",
    "EXPORT",
    "GRANT",
    "IMPORT",
    "INSERT",
    "INSTALL",
    "LOAD",
    "MERGE",
    "MSCK",
    "OPTIMIZE",
    "PRAGMA",
    "PREPARE",
    "REFRESH",
    "REPLACE",
    "RESET",
    "REVOKE",
    "ROLLBACK",
    "SET",
    "START",
    "TRUNCATE",
    "UNLOAD",
    "UPDATE",
    "USE",
    "VACUUM",
];

fn check_verb(tokens: &[TokenWithSpan]) -> Result<(), SqlError> {
    let mut words = tokens.iter().map(|t| &t.token).filter(|t| !matches!(t, Token::Whitespace(_)));
    if words.clone().any(|t| matches!(t, Token::SemiColon)) {
        return Err(SqlError::OneStatement);
    }
    let mut verb = words.find_map(word);
    if verb.is_some_and(|v| v.keyword == Keyword::EXPLAIN) {
        verb = words
            .filter_map(word)
            .find(|w| !matches!(w.keyword, Keyword::ANALYZE | Keyword::VERBOSE | Keyword::FORMAT));
    }
    let mut all = tokens.iter().filter_map(|t| word(&t.token));
    while let Some(word) = all.next() {
        if word.keyword == Keyword::WITH && all.clone().next().is_some_and(|w| w.keyword == Keyword::RECURSIVE) {
            return Err(SqlError::StatementNotAllowed("WITH RECURSIVE".into()));
        }
    }
    let verb = verb.map(|w| w.value.to_uppercase()).unwrap_or_default();
    match VERBS.contains(&verb.as_str()) {
        true => Err(SqlError::StatementNotAllowed(verb)),
        false => Ok(()),
    }
}

fn word(token: &Token) -> Option<&Word> {
    if let Token::Word(word) = token { Some(word) } else { None }
}

/// Functions whose result may be far larger than their arguments: each call is bounded, and so is their number.
const EXPANDING: &[&str] = &[
    "repeat",
    "lpad",
    "rpad",
    "space",
    "replicate",
    "replace",
    "regexp_replace",
    "concat",
    "concat_ws",
    "array_repeat",
    "array_resize",
    "list_repeat",
    "list_resize",
    "generate_series",
    "range",
    "sequence",
];
const EXPANDING_CALLS: usize = 16;
const JOINED_RELATIONS: usize = 64;
const NAME_PARTS: usize = 32;

fn check_size(tokens: &[TokenWithSpan], limits: &EngineLimits) -> Result<(), SqlError> {
    let (mut depth, mut operators, mut items, mut expanding, mut joined, mut dots) = (0, 0, 0, 0, 0, 0);
    let complex = |what: &str, count: usize| Err(SqlError::SqlComplexity(format!("more than {count} {what}")));
    for token in tokens.iter().map(|t| &t.token) {
        match token {
            Token::LParen | Token::LBracket | Token::LBrace => depth += 1,
            Token::RParen | Token::RBracket | Token::RBrace => depth -= 1,
            Token::Comma => items += 1,
            Token::Word(word) => match word.keyword {
                Keyword::CASE => depth += 1,
                Keyword::END => depth -= 1,
                Keyword::AND | Keyword::OR | Keyword::NOT | Keyword::IS | Keyword::LIKE | Keyword::IN => operators += 1,
                Keyword::BETWEEN | Keyword::WHEN | Keyword::AT => operators += 1,
                Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT | Keyword::JOIN => joined += 1,
                _ if word.quote_style.is_none() && EXPANDING.contains(&word.value.to_lowercase().as_str()) => {
                    expanding += 1
                }
                _ => {}
            },
            Token::SingleQuotedString(text) => check_pattern(text)?,
            Token::Whitespace(_) | Token::Number(..) | Token::RArrow | Token::Colon | Token::Period => {}
            _ => operators += 1,
        }
        dots = match token {
            Token::Period => dots + 1,
            Token::Word(_) => dots,
            _ => 0,
        };
        if depth > limits.nesting_depth as isize {
            return Err(SqlError::SqlDepth(limits.nesting_depth));
        }
        if dots > NAME_PARTS {
            return complex("parts in a name", NAME_PARTS);
        }
    }
    match () {
        () if operators > limits.operator_count => complex("operators", limits.operator_count),
        () if items > limits.list_items => complex("list items", limits.list_items),
        () if expanding > EXPANDING_CALLS => complex("calls that build long text", EXPANDING_CALLS),
        () if joined > JOINED_RELATIONS => complex("joins and unions", JOINED_RELATIONS),
        () => Ok(()),
    }
}

fn check_statement(statement: &Statement) -> Result<(), SqlError> {
    match statement {
        Statement::Query(_) => Ok(()),
        Statement::Explain { statement, .. } => match statement.as_ref() {
            Statement::Query(_) => check_statement(statement),
            other => Err(SqlError::StatementNotAllowed(verb_of(other))),
        },
        Statement::ShowTables { .. } | Statement::ShowColumns { .. } | Statement::ExplainTable { .. } => Ok(()),
        other => Err(SqlError::StatementNotAllowed(verb_of(other))),
    }
}

fn verb_of(statement: &Statement) -> String {
    let text = statement.to_string();
    text.split_whitespace().next().unwrap_or("this statement").to_uppercase()
}

#[cfg(test)]
mod tests;
