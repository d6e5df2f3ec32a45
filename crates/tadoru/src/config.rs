//! The settings of a run and where each comes from: flag, then `TADORU_*`, then `./tadoru.toml`, then
//! `$XDG_CONFIG_HOME/tadoru/config.toml`, then the default. The one place that reads the environment; from here on
//! settings are arguments. A name that no setting has is an error, in the files as in the environment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::output::OutputFormat;

/// The settings as given in one place; all may be left out. Times and names are checked when they are used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The lake's folder.
    pub lake: Option<PathBuf>,
    /// `table`, `json`, `jsonl`, `csv` or `tsv`.
    pub output: Option<String>,
    /// An IANA time zone, as `Asia/Tokyo`, or `local`.
    pub tz: Option<String>,
    /// `auto`, `always` or `never`.
    pub color: Option<String>,
    /// The one *now*, in any form of `time_argument`.
    pub as_of: Option<String>,
    /// A newer service reference, a file or a folder.
    pub service_reference: Option<PathBuf>,
    /// Days of events that an ingest keeps.
    pub retention_days: Option<u32>,
    /// Days of the rollup that an ingest keeps.
    pub rollup_retention_days: Option<u32>,
}

/// The environment of the process, read once.
#[derive(Debug, Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The variables of this process; such that are not Unicode are left out.
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn of_process() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self(std::env::vars_os().filter_map(text).collect())
    }

    /// The value of a variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// When output is styled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set; elsewhere if `CLICOLOR_FORCE` is.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// The same for `anstream`, which itself looks at the terminal, `NO_COLOR` and `CLICOLOR_FORCE`.
    pub fn choice(self) -> anstream::ColorChoice {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        }
    }
}

impl FromStr for Color {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "auto" => Ok(Self::Auto),
            "always" => Ok(Self::Always),
            "never" => Ok(Self::Never),
            _ => Err(()),
        }
    }
}

/// The settings that hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The lake's folder.
    pub lake: PathBuf,
    /// Where the program keeps what it may lose, such as the prompt's history; None: nowhere.
    pub state: Option<PathBuf>,
    /// Nobody named a lake.
    pub lake_is_default: bool,
    /// None: a table on a terminal, else TSV.
    pub output: Option<OutputFormat>,
    /// The zone in which tables show times; None: UTC.
    pub zone: Option<TimeZone>,
    /// When output is styled.
    pub color: Color,
    /// The one *now*, as written; `time_argument` reads it.
    pub as_of: Option<String>,
    /// A newer service reference, a file or a folder; None: the program's own alone.
    pub service_reference: Option<PathBuf>,
    /// Days of events that are kept; None: all.
    pub retention_days: Option<u32>,
    /// Days of the rollup that are kept; None: all.
    pub rollup_retention_days: Option<u32>,
    /// What only the tests set.
    pub test: TestSettings,
}

/// Settings of the kill tests, from the environment alone: `TADORU_TEST_STOP_POINT=name:pass` ends the process at that
/// place of the writer, `TADORU_TEST_BATCH_BYTES` makes batches small, `TADORU_TEST_STREAM_BYTES` lets smaller files than
/// usual be streamed, `TADORU_TEST_PORTION_FILES` lets fewer of a folder's files into memory, `TADORU_TEST_GRACE_SECONDS`
/// lets replaced files go at once. They are no interface; what is malformed is not set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TestSettings {
    /// A name of `lake::stop_point` and the pass at which it strikes.
    pub stop_point: Option<(String, u64)>,
    /// Inflated bytes after which a batch closes.
    pub batch_bytes: Option<usize>,
    /// How long replaced and retired files stay.
    pub grace_seconds: Option<u64>,
    /// Inflated bytes above which a file is streamed.
    pub stream_bytes: Option<usize>,
    /// Files of a portion of a folder.
    pub portion_files: Option<usize>,
}

impl TestSettings {
    fn of(environment: &Environment) -> Self {
        let stop_point = environment.get("TADORU_TEST_STOP_POINT").and_then(|text| text.split_once(':'));
        let number = |name: &str| environment.get(name).and_then(|text| text.parse().ok());
        Self {
            stop_point: stop_point.and_then(|(name, pass)| Some((name.to_owned(), pass.parse().ok()?))),
            batch_bytes: number("TADORU_TEST_BATCH_BYTES"),
            stream_bytes: number("TADORU_TEST_STREAM_BYTES"),
            portion_files: number("TADORU_TEST_PORTION_FILES"),
            grace_seconds: number("TADORU_TEST_GRACE_SECONDS").map(|seconds| seconds as u64),
        }
    }
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file that is there and cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file that is no TOML, or has a key that no setting has.
    #[error("{}: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        reason: String,
    },
    /// `TADORU_LAEK=…`.
    #[error("unknown environment variable {name}; there are {known}")]
    UnknownVariable {
        /// As it is set.
        name: String,
        /// All names, separated by commas.
        known: String,
    },
    /// A setting that cannot have this value.
    #[error("{origin}: {key} cannot be `{value}`; it is {expected}")]
    ImpossibleValue {
        /// Flag, variable or file.
        origin: String,
        /// The setting.
        key: &'static str,
        /// As written.
        value: String,
        /// What it can be.
        expected: String,
    },
    /// No lake was named and there is no home folder to put one in.
    #[error("no lake is named, and neither XDG_DATA_HOME nor HOME is set")]
    NoHome,
}

const PREFIX: &str = "TADORU_";
const VARIABLES: [&str; 8] = [
    "TADORU_LAKE",
    "TADORU_OUTPUT",
    "TADORU_TZ",
    "TADORU_COLOR",
    "TADORU_AS_OF",
    "TADORU_SERVICE_REFERENCE",
    "TADORU_RETENTION_DAYS",
    "TADORU_ROLLUP_RETENTION_DAYS",
];
/// Of the tests and development chores, not of the program.
const FOREIGN: &str = "TADORU_TEST_";

impl Config {
    /// The settings that hold: `flags` as parsed from the command line, `environment`, and the two files, of which
    /// `./tadoru.toml` is looked for in `folder`. A relative path in a file is relative to that file.
    pub fn load(flags: Settings, environment: &Environment, folder: &Path) -> Result<Self, ConfigError> {
        let mut layers =
            vec![("command line".to_owned(), flags), ("environment".to_owned(), of_environment(environment)?)];
        let home = environment.get("HOME").map(PathBuf::from);
        let user =
            environment.get("XDG_CONFIG_HOME").map(PathBuf::from).or(home.as_ref().map(|home| home.join(".config")));
        for path in
            [Some(folder.join("tadoru.toml")), user.map(|user| user.join("tadoru/config.toml"))].into_iter().flatten()
        {
            if let Some(settings) = of_file(&path)? {
                layers.push((path.display().to_string(), settings));
            }
        }
        let state = environment.get("XDG_STATE_HOME").map(PathBuf::from);
        let state = state.or(home.as_ref().map(|home| home.join(".local/state"))).map(|state| state.join("tadoru"));
        let named = layers.iter().find_map(|(_, settings)| settings.lake.clone());
        let lake_is_default = named.is_none();
        let lake = match named {
            Some(lake) => lake,
            None => environment
                .get("XDG_DATA_HOME")
                .map(PathBuf::from)
                .or(home.map(|home| home.join(".local/share")))
                .ok_or(ConfigError::NoHome)?
                .join("tadoru/lake"),
        };
        let formats = || OutputFormat::NAMES.join(", ");
        Ok(Self {
            lake,
            state,
            lake_is_default,
            output: chosen(&layers, "output", |settings| settings.output.as_ref(), |text| text.parse().ok(), formats)?,
            zone: chosen(
                &layers,
                "tz",
                |settings| settings.tz.as_ref(),
                zone,
                || "a time zone as Asia/Tokyo, UTC or local".into(),
            )?,
            color: chosen(
                &layers,
                "color",
                |settings| settings.color.as_ref(),
                |text| text.parse().ok(),
                || "auto, always or never".into(),
            )?
            .unwrap_or_default(),
            as_of: layers.iter().find_map(|(_, settings)| settings.as_of.clone()),
            service_reference: layers.iter().find_map(|(_, settings)| settings.service_reference.clone()),
            retention_days: layers.iter().find_map(|(_, settings)| settings.retention_days),
            rollup_retention_days: layers.iter().find_map(|(_, settings)| settings.rollup_retention_days),
            test: TestSettings::of(environment),
        })
    }
}

fn chosen<T>(
    layers: &[(String, Settings)],
    key: &'static str,
    of: impl Fn(&Settings) -> Option<&String>,
    parse: impl Fn(&str) -> Option<T>,
    expected: impl Fn() -> String,
) -> Result<Option<T>, ConfigError> {
    let Some((origin, value)) = layers.iter().find_map(|(origin, settings)| Some((origin, of(settings)?))) else {
        return Ok(None);
    };
    let impossible =
        || ConfigError::ImpossibleValue { origin: origin.clone(), key, value: value.clone(), expected: expected() };
    parse(value).map(Some).ok_or_else(impossible)
}

fn zone(text: &str) -> Option<TimeZone> {
    match text {
        "local" => TimeZone::try_system().ok(),
        _ => TimeZone::get(text).ok(),
    }
}

fn of_environment(environment: &Environment) -> Result<Settings, ConfigError> {
    let ours = environment.0.keys().filter(|name| name.starts_with(PREFIX) && !name.starts_with(FOREIGN));
    for name in ours {
        if !VARIABLES.contains(&name.as_str()) {
            return Err(ConfigError::UnknownVariable { name: name.clone(), known: VARIABLES.join(", ") });
        }
    }
    let get = |name: &str| environment.get(name).map(str::to_owned);
    Ok(Settings {
        lake: get("TADORU_LAKE").map(PathBuf::from),
        output: get("TADORU_OUTPUT"),
        tz: get("TADORU_TZ"),
        color: get("TADORU_COLOR"),
        as_of: get("TADORU_AS_OF"),
        service_reference: get("TADORU_SERVICE_REFERENCE").map(PathBuf::from),
        retention_days: days(environment, "TADORU_RETENTION_DAYS", "retention_days")?,
        rollup_retention_days: days(environment, "TADORU_ROLLUP_RETENTION_DAYS", "rollup_retention_days")?,
    })
}

fn days(environment: &Environment, name: &str, key: &'static str) -> Result<Option<u32>, ConfigError> {
    let Some(text) = environment.get(name) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| ConfigError::ImpossibleValue {
        origin: "environment".to_owned(),
        key,
        value: text.to_owned(),
        expected: "a number of days".to_owned(),
    })
}

fn of_file(path: &Path) -> Result<Option<Settings>, ConfigError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(ConfigError::Unreadable { path: path.into(), source }),
    };
    let malformed = |error: toml::de::Error| ConfigError::Malformed {
        path: path.into(),
        reason: error.to_string().trim().to_owned(),
    };
    let mut settings: Settings = toml::from_str(&text).map_err(malformed)?;
    if let Some(folder) = path.parent() {
        for relative in [&mut settings.lake, &mut settings.service_reference].into_iter().flatten() {
            *relative = folder.join(&*relative);
        }
    }
    Ok(Some(settings))
}

#[cfg(test)]
mod tests;
