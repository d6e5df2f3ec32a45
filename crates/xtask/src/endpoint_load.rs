//! `cargo xtask load`: what `tadoru serve` bears. Starts a built program's server on loopback, bound to one core where `taskset` is,
//! with a key of its own, and asks it as signed clients do: start-up, the cheapest call, pages of a report of 200 services, and many
//! clients at once for a while. Figures are read by people; only an error fails. `load_client` sends the requests.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::load_client::{Ask, Key, LoadClient};

/// More would be a test of the machine, not of the program.
const MOST_SECONDS: u64 = 600;
const MOST_CLIENTS: usize = 500;
/// Clients of the two steps that ask one thing.
const FEW_CLIENTS: usize = 8;
/// A client that hears as many errors gives up.
const ERRORS_OF_CLIENT: usize = 10;
/// A server that is not up by then will not be.
const START_WAIT: Duration = Duration::from_secs(60);

/// Which program and lake, and for how long.
#[derive(Debug, PartialEq)]
pub struct Selection {
    program: PathBuf,
    lake: PathBuf,
    /// The principal whose key asks, and whose report is asked for.
    principal: String,
    seconds: u64,
    clients: usize,
}

impl Selection {
    /// Reads `--program PATH --lake DIR [--for ARN] [--seconds N] [--clients N]`.
    pub fn parse(arguments: &[String]) -> Result<Self, String> {
        let (mut program, mut lake) = (None, None);
        let mut principal = "arn:aws:iam::222222222222:user/Alice".to_owned();
        let (mut seconds, mut clients) = (60, 100);
        let mut arguments = arguments.iter();
        while let Some(flag) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{flag} needs a value"));
            match flag.as_str() {
                "--program" => program = Some(PathBuf::from(value()?)),
                "--lake" => lake = Some(PathBuf::from(value()?)),
                "--for" => principal.clone_from(value()?),
                "--seconds" => seconds = number(flag, value()?, MOST_SECONDS)?,
                "--clients" => clients = number(flag, value()?, MOST_CLIENTS as u64)? as usize,
                unknown => return Err(format!("unknown flag '{unknown}'")),
            }
        }
        let program = program.ok_or("load needs --program PATH, such as target/release/tadoru")?;
        let lake = lake.ok_or("load needs --lake DIR, such as a lake of cargo xtask bench or tadoru demo")?;
        Ok(Self { program, lake, principal, seconds, clients })
    }

    fn tadoru(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--lake").arg(&self.lake).args(["--quiet", "-o", "json"]).args(arguments).stdin(Stdio::null());
        command
    }
}

fn number(flag: &str, text: &str, most: u64) -> Result<u64, String> {
    let number = text.parse().ok().filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| format!("{flag} is a number from 1 to {most}, not '{text}'"))
}

/// Measures and prints a table. True if no request failed.
pub fn run(selection: &Selection) -> Result<bool> {
    let issued = output(&mut selection.tadoru(&["keys", "create", "--for", &selection.principal]))?;
    let issued: Value = serde_json::from_str(&issued).context("keys create printed no JSON")?;
    let member =
        |name: &str| issued[name].as_str().map(str::to_owned).with_context(|| format!("the key has no {name}"));
    let key = Key { id: member("access_key_id")?, secret: member("secret_access_key")? };
    let measured = measure(selection, &key);
    output(&mut selection.tadoru(&["keys", "delete", &key.id]))?;
    let (rows, errors) = measured?;
    println!("\n| what | figure | |\n|---|---|---|");
    for [what, figure, beside] in rows {
        println!("| {what} | {figure} | {beside} |");
    }
    if let Some(first) = errors.first() {
        println!("\nerror: {} requests failed / why: the first: {first} / try: the server's log", errors.len());
    }
    Ok(errors.is_empty())
}

type Row = [String; 3];

fn measure(selection: &Selection, key: &Key) -> Result<(Vec<Row>, Vec<String>)> {
    let begun = Instant::now();
    let server = Server::start(selection)?;
    let started = begun.elapsed();
    let mut client = LoadClient::new(&server.address, key);
    client.ask(&Ask::identity())?;
    let core = if server.is_pinned { "one core" } else { "every core: no taskset here" };
    let mut rows = vec![[
        "start-up".to_owned(),
        milliseconds(started),
        format!("first answer after {}", milliseconds(begun.elapsed())),
    ]];
    let report = Ask::report(&client.ask(&Ask::generate(&selection.principal))?)?;
    let page = client.ask(&report)?;
    let services = page.matches("<ServiceNamespace>").count();
    let short = Duration::from_secs(selection.seconds.min(10));
    let mut errors = Vec::new();
    let steps: [(String, usize, Duration, Vec<Ask>); 3] = [
        ("GetCallerIdentity".to_owned(), FEW_CLIENTS, short, vec![Ask::identity()]),
        (format!("GetServiceLastAccessedDetails, {services} services"), FEW_CLIENTS, short, vec![report.clone()]),
        (
            format!("{} clients", selection.clients),
            selection.clients,
            Duration::from_secs(selection.seconds),
            Ask::mix(&report),
        ),
    ];
    for (what, clients, time, asks) in steps {
        let step = Step::run(&server.address, key, clients, time, &asks);
        rows.push([what, format!("{:.0} requests/s", step.rate()), step.says()]);
        errors.extend(step.errors);
    }
    rows.push(["peak memory of the server".to_owned(), format!("{} MB", server.peak_mb()?), format!("on {core}")]);
    if !server.stop()? {
        bail!("the server did not end well when it was told to stop");
    }
    Ok((rows, errors))
}

/// What one kind of load gave.
#[derive(Debug, Default)]
struct Step {
    /// Of each answer, in microseconds.
    times: Vec<u64>,
    errors: Vec<String>,
    seconds: f64,
}

impl Step {
    /// Has clients ask one after the other of `asks`, each beginning elsewhere, until the time is over.
    fn run(address: &str, key: &Key, clients: usize, time: Duration, asks: &[Ask]) -> Self {
        let sum = Mutex::new(Self::default());
        let begun = Instant::now();
        std::thread::scope(|scope| {
            for first in 0..clients {
                let sum = &sum;
                scope.spawn(move || {
                    let (mut own, mut client) = (Self::default(), LoadClient::new(address, key));
                    for ask in asks.iter().cycle().skip(first % asks.len()) {
                        let asked = Instant::now();
                        match client.ask(ask) {
                            Ok(_) => own.times.push(asked.elapsed().as_micros() as u64),
                            Err(error) => own.errors.push(format!("{}: {error:#}", ask.name)),
                        }
                        if begun.elapsed() >= time || own.errors.len() >= ERRORS_OF_CLIENT {
                            break;
                        }
                    }
                    let mut sum = sum.lock().expect("no client panics");
                    sum.times.extend(own.times);
                    sum.errors.extend(own.errors);
                });
            }
        });
        let mut step = sum.into_inner().expect("no client panics");
        step.seconds = begun.elapsed().as_secs_f64();
        step.times.sort_unstable();
        step
    }

    fn rate(&self) -> f64 {
        self.times.len() as f64 / self.seconds
    }

    /// In microseconds; 0 where nothing was answered.
    fn percentile(&self, percent: usize) -> u64 {
        let place = (self.times.len() * percent).div_ceil(100).saturating_sub(1);
        self.times.get(place).copied().unwrap_or_default()
    }

    fn says(&self) -> String {
        let time = |percent| milliseconds(Duration::from_micros(self.percentile(percent)));
        let (answers, errors) = (self.times.len(), self.errors.len());
        format!("p50 {}, p99 {}, {answers} answers in {:.0} s, {errors} errors", time(50), time(99), self.seconds)
    }
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1_000.0)
}

/// The server that is asked; it ends with this.
struct Server {
    child: Child,
    address: String,
    is_pinned: bool,
}

impl Server {
    fn start(selection: &Selection) -> Result<Self> {
        let is_pinned = output(Command::new("taskset").arg("--version")).is_ok();
        let serve = selection.tadoru(&["serve", "--listen", "127.0.0.1:0"]);
        let mut command = if is_pinned { Command::new("taskset") } else { Command::new(serve.get_program()) };
        if is_pinned {
            command.args(["--cpu-list", "0"]).arg(serve.get_program());
        }
        command.args(serve.get_args()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("cannot start {}", selection.program.display()))?;
        let mut lines = BufReader::new(child.stderr.take().expect("stderr was piped")).lines().map_while(Result::ok);
        let begun = Instant::now();
        let mut said = Vec::new();
        let address = lines.find_map(|line| {
            let address = line.strip_prefix("listening on http://").map(str::to_owned);
            said.push(line);
            address
        });
        // A log that nobody reads would fill the pipe and stop the server.
        std::thread::spawn(move || lines.for_each(drop));
        let mut server = Self { child, address: address.unwrap_or_default(), is_pinned };
        if server.address.is_empty() || begun.elapsed() > START_WAIT {
            let _ = server.child.kill();
            bail!("the server did not begin: {}", said.join(" / "));
        }
        Ok(server)
    }

    /// The most memory it has held.
    fn peak_mb(&self) -> Result<u64> {
        let path = Path::new("/proc").join(self.child.id().to_string()).join("status");
        let status = std::fs::read_to_string(path).context("the server's memory is told by Linux alone")?;
        let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next());
        let kilobytes: u64 = kilobytes.context("the system tells no peak")?.parse()?;
        Ok(kilobytes.div_ceil(1024))
    }

    /// Asks it to end, and returns whether it ended well.
    fn stop(mut self) -> Result<bool> {
        output(Command::new("kill").arg(self.child.id().to_string()))?;
        Ok(self.child.wait()?.success())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn output(command: &mut Command) -> Result<String> {
    crate::comparison_venv::output(command).map_err(|why| anyhow::anyhow!("{}: {why}", command.get_program().display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_has_a_program_a_lake_and_bounds() {
        let check = |arguments: &str, expected: Result<(&str, &str, u64, usize), &str>| {
            let arguments: Vec<String> = arguments.split_whitespace().map(str::to_owned).collect();
            let found = Selection::parse(&arguments);
            let found = found.as_ref().map(|found| {
                let path = |path: &PathBuf| path.to_str().unwrap().to_owned();
                (path(&found.program), path(&found.lake), found.seconds, found.clients)
            });
            let expected = expected
                .map(|(program, lake, seconds, clients)| (program.to_owned(), lake.to_owned(), seconds, clients));
            assert_eq!(found.map_err(String::as_str), expected, "{arguments:?}");
        };
        check("--program p --lake l", Ok(("p", "l", 60, 100)));
        check("--lake l --seconds 5 --clients 7 --program p", Ok(("p", "l", 5, 7)));
        check("--lake l", Err("load needs --program PATH, such as target/release/tadoru"));
        check("--program p", Err("load needs --lake DIR, such as a lake of cargo xtask bench or tadoru demo"));
        check("--program", Err("--program needs a value"));
        check("--seconds 0", Err("--seconds is a number from 1 to 600, not '0'"));
        check("--clients 501", Err("--clients is a number from 1 to 500, not '501'"));
        check("--fast", Err("unknown flag '--fast'"));
    }

    #[test]
    fn percentiles_are_of_what_was_answered() {
        let step = |times: Vec<u64>| Step { times, ..Step::default() };
        let check = |times: Vec<u64>, percent, expected| assert_eq!(step(times).percentile(percent), expected);
        check((1..=100).collect(), 50, 50);
        check((1..=100).collect(), 99, 99);
        check(vec![7], 99, 7);
        check(Vec::new(), 50, 0);
    }
}
