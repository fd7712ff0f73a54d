//! `tacit-load`: what the whole server does in a second, and what it costs.
//!
//! The real binary, on a database of its own, over HTTP on the loopback address; the generator runs on the same
//! processors. A closed loop finds out how many it can do; an open one, at a rate that does not wait, how long each takes
//! (counted from when it was due, the generator's own arithmetic included).
//!
//! Processor time is read from `/proc`. The server's threads named `srp-…` do its exponentiations and nothing else but
//! draw and hash what goes into them: their time is the column "arithmetic", everything else of the process "rest".
//!
//! Run it through `scripts/with-services.sh`, which knows where PostgreSQL's programs are.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a measurement stops at the first surprise, and prints what it found"
)]

mod drive;
mod fill;
mod host;
mod login;
mod srp;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use serde_json::{Value, json};

use crate::drive::{Load, Outcome, What};
use crate::host::{Place, Server};

/// Times the whole server
#[derive(Parser)]
struct Options {
    /// On which database
    #[arg(long, value_delimiter = ',', default_value = "sqlite,postgres")]
    engines: Vec<Engine>,
    /// Accounts there are; several numbers give several rows
    #[arg(long, value_delimiter = ',', default_value = "2000")]
    accounts: Vec<u32>,
    /// The preset of their credentials: 3, 1 and 2 have groups of 2048, 3072 and 4096 bits
    #[arg(long, default_value_t = 1)]
    preset: u16,
    /// How long each measurement takes
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Connections of the closed loop
    #[arg(long, default_value_t = 48)]
    connections: u32,
    /// Logins a second of the open loop; half of what the closed one reached, if nothing is said
    #[arg(long)]
    rate: Option<f64>,
    /// What is measured
    #[arg(long, value_delimiter = ',', default_value = "login,latency,step-one,verify")]
    only: Vec<Part>,
    /// Nodes on one PostgreSQL
    #[arg(long, default_value_t = 1)]
    nodes: u32,
    /// Settings of the server, as TACIT_… variables: KEY=VALUE
    #[arg(long = "set")]
    settings: Vec<String>,
    /// The server; the one beside this program, if nothing is said
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Where the databases are made; they go afterwards
    #[arg(long, default_value = "/tmp")]
    folder: PathBuf,
    /// A folder that keeps the databases: what an earlier run filled is not filled again
    #[arg(long)]
    keep: Option<PathBuf>,
    /// Where the figures go as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Login,
    Latency,
    StepOne,
    Verify,
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let options = Options::parse();
    tacit_engine::install(tacit_engine::Choice::fastest()).unwrap();
    println!("{HEAD}");
    let mut rows = Vec::new();
    for engine in &options.engines {
        for accounts in &options.accounts {
            rows.extend(measure(&options, *engine, *accounts).await);
        }
    }
    if let Some(file) = &options.json {
        std::fs::write(file, serde_json::to_string_pretty(&json!({ "load": rows })).unwrap()).unwrap();
    }
}

const HEAD: &str = "database    accounts  what       a second    busy │ CPU µs: arithmetic    rest  database  generator \
                    │ ms: p50     p90     p99   p99.9";

/// A database with so many accounts; its folder goes with the first value, unless it is kept.
async fn filled(options: &Options, engine: Engine, accounts: u32) -> (tempfile::TempDir, Place) {
    let gone_afterwards = tempfile::Builder::new().prefix("tacit-load").tempdir_in(&options.folder).unwrap();
    let folder = match &options.keep {
        Some(folder) => folder.join(engine.name()),
        None => gone_afterwards.path().to_owned(),
    };
    std::fs::create_dir_all(&folder).unwrap();
    let place = match engine {
        Engine::Sqlite => Place::sqlite(&folder),
        Engine::Postgres => Place::postgres(&folder).await,
    };
    let begun = Instant::now();
    let there = fill::fill(&place.url, accounts, options.preset).await;
    eprintln_filled(accounts - there, begun.elapsed(), &folder);
    (gone_afterwards, place)
}

async fn measure(options: &Options, engine: Engine, accounts: u32) -> Vec<Value> {
    let (_gone_afterwards, place) = filled(options, engine, accounts).await;
    let settings: Vec<_> = options.settings.iter().filter_map(|setting| setting.split_once('=')).collect();
    let settings: Vec<_> = settings.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    let binary = options.binary.clone().unwrap_or_else(host::binary);
    let mut servers = Vec::new();
    for _ in 0..if engine == Engine::Postgres { options.nodes } else { 1 } {
        servers.push(Server::start(&binary, &place, &settings).await);
    }
    let nodes: Vec<&Server> = servers.iter().collect();

    let load = |what, rate: Option<f64>| Load {
        what,
        connections: if rate.is_some() { 256 } else { options.connections },
        rate,
        time: Duration::from_secs(options.seconds),
        preset: options.preset,
        accounts,
    };
    let mut rows = Vec::new();
    let mut note = |name: &'static str, outcome: &Outcome| {
        show(engine, accounts, name, outcome);
        let mut row = outcome.json();
        row["database"] = json!(engine.name());
        row["accounts"] = json!(accounts);
        row["nodes"] = json!(nodes.len());
        row["what"] = json!(name);
        rows.push(row);
    };
    let wants = |part| options.only.contains(&part);
    let mut capacity = options.rate.unwrap_or(0.0) * 2.0;
    if wants(Part::Login) {
        let outcome = load(What::Login, None).run(&nodes).await;
        note("login", &outcome);
        if options.rate.is_none() {
            capacity = outcome.rate();
        }
    }
    if wants(Part::Latency) && capacity > 0.0 {
        note("half", &load(What::Login, Some(capacity / 2.0)).run(&nodes).await);
    }
    if wants(Part::StepOne) {
        note("step one", &load(What::StepOne, None).run(&nodes).await);
    }
    if wants(Part::Verify) {
        note("verify", &load(What::Verify, None).run(&nodes).await);
    }
    for server in servers {
        server.stop().await;
    }
    rows
}

fn show(engine: Engine, accounts: u32, what: &str, outcome: &Outcome) {
    let [arithmetic, rest, database, generator] = outcome.costs();
    let [p50, p90, p99, p999] = outcome.percentiles();
    println!(
        "{:<11}{accounts:>9}  {what:<10}{:>9.0}{:>8} │{arithmetic:>19.0}{rest:>8.0}{database:>10.0}{generator:>11.0} │\
         {p50:>8.2}{p90:>8.2}{p99:>8.2}{p999:>8.2}",
        engine.name(),
        outcome.rate(),
        outcome.refused,
    );
}

#[expect(clippy::print_stderr, reason = "what is no figure goes to standard error")]
fn eprintln_filled(accounts: u32, took: Duration, folder: &Path) {
    eprintln!("{accounts} accounts made in {took:.1?} in {}", folder.display());
}
