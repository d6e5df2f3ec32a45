//! Where settings come from, which one wins, and what is refused.

use super::*;

fn environment(pairs: &[(&str, &str)]) -> Environment {
    Environment(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

#[test]
fn the_nearer_place_wins() {
    let files = [
        ("tadoru.toml", "lake = \"here\"\noutput = \"csv\"\nservice_reference = \"newer\""),
        ("config/tadoru/config.toml", "lake = \"/user\"\ntz = \"Asia/Tokyo\"\nas_of = \"2024-06-01\""),
    ];
    let folder = folder(&files);
    let user = folder.path().join("config");
    let check = |flags: Settings, variables: &[(&str, &str)], lake: &Path, output: OutputFormat| {
        let mut variables = variables.to_vec();
        variables.push(("XDG_CONFIG_HOME", user.to_str().unwrap()));
        let config = Config::load(flags, &environment(&variables), folder.path()).unwrap();
        assert_eq!((config.lake.as_path(), config.output), (lake, Some(output)));
        assert_eq!(config.zone.unwrap().iana_name(), Some("Asia/Tokyo"));
        assert_eq!((config.color, config.as_of.as_deref()), (Color::Auto, Some("2024-06-01")));
        assert_eq!(config.service_reference, Some(folder.path().join("newer")));
    };
    let flags = Settings { lake: Some("flag".into()), ..Settings::default() };
    check(flags, &[("TADORU_LAKE", "/variable")], Path::new("flag"), OutputFormat::Csv);
    let variables = [("TADORU_LAKE", "/variable"), ("TADORU_OUTPUT", "jsonl"), ("TADORU_TEST_SKIPS", "x")];
    check(Settings::default(), &variables, Path::new("/variable"), OutputFormat::Jsonl);
    check(Settings::default(), &[], &folder.path().join("here"), OutputFormat::Csv);
}

#[test]
fn without_settings_the_lake_is_in_the_data_folder() {
    let empty = folder(&[]);
    let check = |variables: &[(&str, &str)], expected: &str| {
        let config = Config::load(Settings::default(), &environment(variables), empty.path()).unwrap();
        assert_eq!((config.lake.as_path(), config.output), (Path::new(expected), None));
    };
    check(&[("HOME", "/home/a")], "/home/a/.local/share/tadoru/lake");
    check(&[("HOME", "/home/a"), ("XDG_DATA_HOME", "/data")], "/data/tadoru/lake");
    check(&[("HOME", "/home/a"), ("XDG_DATA_HOME", ""), ("TADORU_LAKE", "l")], "l");
}

#[test]
fn what_is_unknown_is_named() {
    let check = |file: &str, variables: &[(&str, &str)], expected: &str| {
        let folder = folder(&[("tadoru.toml", file)]);
        let message =
            Config::load(Settings::default(), &environment(variables), folder.path()).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    };
    check("laek = \"x\"", &[("HOME", "/h")], "unknown field `laek`");
    check("lake", &[("HOME", "/h")], "tadoru.toml: TOML parse error");
    check("", &[("TADORU_LAEK", "x")], "unknown environment variable TADORU_LAEK; there are TADORU_LAKE, ");
    check("output = \"xml\"", &[("HOME", "/h")], "output cannot be `xml`; it is table, json, jsonl, csv, tsv");
    check("tz = \"Mars\"", &[("HOME", "/h")], "tz cannot be `Mars`");
    check("retention_days = \"x\"", &[("HOME", "/h")], "retention_days");
    check("", &[("TADORU_RETENTION_DAYS", "x")], "retention_days cannot be `x`; it is a number of days");
    check("color = \"red\"", &[("HOME", "/h")], "color cannot be `red`; it is auto, always or never");
    check("", &[], "no lake is named, and neither XDG_DATA_HOME nor HOME is set");
}
