//! The line editor of the prompt: several lines up to a semicolon, a history on disk that only its owner can read, Tab,
//! colours. What is typed goes to `prompt`.

use std::borrow::Cow;
use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use lake::sql_guard::straighten_quotes;
use reedline::{
    Color, ColumnarMenu, Emacs, FileBackedHistory, Highlighter, KeyCode, KeyModifiers, MenuBuilder, Prompt,
    PromptEditMode, PromptHistorySearch, Reedline, ReedlineEvent, ReedlineMenu, StyledText, ValidationResult,
    Validator, default_emacs_keybindings,
};

use super::completion::{KEYWORDS, Vocabulary};
use super::token::{TokenKind, is_complete, tokens};

const MENU: &str = "completion";
const HISTORY_LENGTH: usize = 5_000;

/// A line editor; `history` is its file, which is made where it does not exist.
///
/// # Errors
/// The file or its folder cannot be made or read.
pub fn line_editor(vocabulary: Vocabulary, history: Option<&Path>, color: bool) -> io::Result<Reedline> {
    let mut keys = default_emacs_keybindings();
    let next = vec![ReedlineEvent::Menu(MENU.to_owned()), ReedlineEvent::MenuNext];
    keys.add_binding(KeyModifiers::NONE, KeyCode::Tab, ReedlineEvent::UntilFound(next));
    let functions = vocabulary.functions.clone();
    let mut editor = Reedline::create()
        .with_completer(Box::new(vocabulary))
        .with_quick_completions(true)
        .with_partial_completions(true)
        .with_menu(ReedlineMenu::EngineCompleter(Box::new(ColumnarMenu::default().with_name(MENU).with_marker("> "))))
        .with_edit_mode(Box::new(Emacs::new(keys)))
        .with_validator(Box::new(Statements))
        .with_ansi_colors(color)
        .use_bracketed_paste(true);
    if color {
        editor = editor.with_highlighter(Box::new(Colors { functions }));
    }
    if let Some(path) = history {
        private_file(path)?;
        let history = FileBackedHistory::with_file(HISTORY_LENGTH, path.to_owned()).map_err(io::Error::other)?;
        editor = editor.with_history(Box::new(history));
    }
    Ok(editor)
}

/// Statements may hold what nobody else should read: the file is its owner's alone, also one that was another's before.
fn private_file(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
    file.set_permissions(std::fs::Permissions::from_mode(0o600))
}

/// A statement goes on until its semicolon; a command with a backslash is one line.
struct Statements;

impl Validator for Statements {
    fn validate(&self, text: &str) -> ValidationResult {
        let is_command = text.trim_start().starts_with('\\') || super::prompt_command::is_goodbye(text);
        if is_command || is_complete(&straighten_quotes(text)) {
            ValidationResult::Complete
        } else {
            ValidationResult::Incomplete
        }
    }
}

struct Colors {
    functions: Vec<String>,
}

impl Highlighter for Colors {
    fn highlight(&self, line: &str, _cursor: usize) -> StyledText {
        let mut styled = StyledText::new();
        for token in tokens(line) {
            let text = &line[token.range];
            let style = match token.kind {
                TokenKind::Literal => Color::Green.normal(),
                TokenKind::Comment => Color::DarkGray.normal(),
                TokenKind::Word if KEYWORDS.iter().any(|word| word.eq_ignore_ascii_case(text)) => Color::Blue.bold(),
                TokenKind::Word if self.functions.iter().any(|name| name.eq_ignore_ascii_case(text)) => {
                    Color::Cyan.normal()
                }
                _ => Color::Default.normal(),
            };
            styled.push((style, text.to_owned()));
        }
        styled
    }
}

/// What stands before a line.
pub struct Sign;

impl Prompt for Sign {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        Cow::Borrowed("tadoru")
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        Cow::Borrowed("")
    }

    fn render_prompt_indicator(&self, _mode: PromptEditMode) -> Cow<'_, str> {
        Cow::Borrowed("> ")
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        Cow::Borrowed("     > ")
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        Cow::Owned(format!(" (search: {}) ", search.term))
    }
}
