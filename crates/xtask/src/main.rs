//! Development chores.

mod reference_data;

fn main() -> anyhow::Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("reference-data") => reference_data::write(std::path::Path::new(".")),
        other => anyhow::bail!("unknown chore {other:?}; there is: reference-data"),
    }
}
