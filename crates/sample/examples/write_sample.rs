//! Writes the sample organisation to a folder, with its truth, for developers who want to look at it:
//! `cargo run --release -p sample --example write_sample -- --out DIR [--events N] [--seed N] [--days N] [--no-truth]`.
//! `--out -` makes everything and writes nothing, to time the generator; `--inventory DIR [--further-roles N]` writes the
//! inventory alone.

use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use sample::{Organization, Settings};

fn main() -> Result<(), Box<dyn Error>> {
    let mut settings = Settings::default();
    let mut out = None;
    let mut truth = true;
    let (mut inventory, mut further_roles) = (None, 0);
    let mut arguments = std::env::args().skip(1);
    while let Some(flag) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{flag} needs a value"));
        match flag.as_str() {
            "--out" => out = Some(value()?),
            "--events" => settings.events = value()?.parse()?,
            "--seed" => settings.seed = value()?.parse()?,
            "--days" => settings.days = value()?.parse()?,
            "--no-truth" => truth = false,
            "--inventory" => inventory = Some(PathBuf::from(value()?)),
            "--further-roles" => further_roles = value()?.parse()?,
            _ => return Err(format!("unknown flag {flag}").into()),
        }
    }
    if let Some(folder) = inventory {
        fs::create_dir_all(&folder)?;
        for file in Organization::new(settings).inventory(further_roles) {
            fs::write(folder.join(file.name), serde_json::to_vec_pretty(&file.document)?)?;
        }
        return Ok(());
    }
    let out = out.ok_or("--out DIR is missing")?;
    let folder = (out != "-").then(|| PathBuf::from(&out));
    let organization = Organization::new(settings);
    let started = Instant::now();
    let (mut objects, mut bytes) = (0_u64, 0_u64);
    for object in organization.objects() {
        objects += 1;
        bytes += object.bytes.len() as u64;
        if let Some(folder) = &folder {
            let path = folder.join(&object.key);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(path, object.bytes)?;
        }
    }
    let generated = started.elapsed();
    let started = Instant::now();
    let mut stderr = std::io::stderr();
    writeln!(stderr, "{objects} objects, {bytes} bytes in {:.2} s", generated.as_secs_f64())?;
    if truth {
        let truth = organization.truth();
        writeln!(stderr, "truth in {:.2} s: {:?}", started.elapsed().as_secs_f64(), truth.totals)?;
        if let Some(folder) = &folder {
            fs::write(folder.join("truth.json"), serde_json::to_vec_pretty(&truth)?)?;
        }
    }
    Ok(())
}
