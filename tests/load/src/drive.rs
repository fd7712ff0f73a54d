//! Load: as fast as answers come, or at a rate that does not wait for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::host::{Server, Usage};
use crate::login::Client;

/// Caches fill, connections open, prepared statements are made.
const SETTLING: Duration = Duration::from_secs(2);

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Login,
    StepOne,
    Verify,
}

/// How it is asked.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) what: What,
    pub(crate) connections: u32,
    /// A second; without it each connection asks as fast as it is answered.
    pub(crate) rate: Option<f64>,
    pub(crate) time: Duration,
    pub(crate) preset: u16,
    pub(crate) accounts: u32,
}

/// What came of it, the settling left out.
pub(crate) struct Outcome {
    pub(crate) done: u32,
    pub(crate) refused: u32,
    pub(crate) time: Duration,
    pub(crate) usage: Usage,
    /// From when it was due, or sent, to the end; sorted.
    times: Vec<Duration>,
    challenges: Vec<Duration>,
    proofs: Vec<Duration>,
}

#[derive(Default)]
struct Seen {
    times: Vec<Duration>,
    challenges: Vec<Duration>,
    proofs: Vec<Duration>,
    refused: u32,
}

impl Load {
    /// Asks these nodes in turn.
    pub(crate) async fn run(self, nodes: &[&Server]) -> Outcome {
        let next = Arc::new(AtomicU64::new(0));
        let done = Arc::new(AtomicU32::new(0));
        let mut clients = Vec::new();
        for (_, node) in (0..self.connections).zip(nodes.iter().cycle()) {
            clients.push(Client::new(&node.base, self.preset, self.accounts).await);
        }
        let begun = Instant::now();
        let mut tasks = JoinSet::new();
        for client in clients {
            tasks.spawn(self.ask(client, begun, Arc::clone(&next), Arc::clone(&done)));
        }
        tokio::time::sleep_until((begun + SETTLING).into()).await;
        let (before, first, from) = (usage(nodes), done.load(Ordering::Relaxed), Instant::now());
        tokio::time::sleep_until((begun + SETTLING + self.time).into()).await;
        let (after, last, to) = (usage(nodes), done.load(Ordering::Relaxed), Instant::now());
        let mut all = Seen::default();
        while let Some(seen) = tasks.join_next().await {
            let seen = seen.unwrap();
            all.times.extend(seen.times);
            all.challenges.extend(seen.challenges);
            all.proofs.extend(seen.proofs);
            all.refused += seen.refused;
        }
        for times in [&mut all.times, &mut all.challenges, &mut all.proofs] {
            times.sort_unstable();
        }
        Outcome {
            done: last - first,
            refused: all.refused,
            time: to - from,
            usage: after.since(before),
            times: all.times,
            challenges: all.challenges,
            proofs: all.proofs,
        }
    }

    async fn ask(self, mut client: Client, begun: Instant, next: Arc<AtomicU64>, done: Arc<AtomicU32>) -> Seen {
        let mut seen = Seen::default();
        let token = if self.what == What::Verify { client.log_in().await.0 } else { String::new() };
        loop {
            let mut due = Instant::now();
            if let Some(rate) = self.rate {
                let number = next.fetch_add(1, Ordering::Relaxed);
                due = begun + Duration::from_secs_f64(f64::from(u32::try_from(number).unwrap()) / rate);
                tokio::time::sleep_until(due.into()).await;
            }
            if due.duration_since(begun) >= SETTLING + self.time {
                seen.refused = client.refused;
                return seen;
            }
            let settled = due.duration_since(begun) >= SETTLING;
            match self.what {
                What::Login => {
                    let (_, parts) = client.log_in().await;
                    if settled {
                        seen.challenges.push(parts.challenge);
                        seen.proofs.push(parts.proof);
                    }
                }
                What::StepOne => drop(client.begin().await),
                What::Verify => client.verify(&token).await,
            }
            done.fetch_add(1, Ordering::Relaxed);
            if settled {
                seen.times.push(due.elapsed());
            }
        }
    }
}

fn usage(nodes: &[&Server]) -> Usage {
    let mut each = nodes.iter().map(|node| node.usage());
    let first = each.next().unwrap_or_default();
    each.fold(first, Usage::and)
}

impl Outcome {
    /// How many a second.
    pub(crate) fn rate(&self) -> f64 {
        f64::from(self.done) / self.time.as_secs_f64()
    }

    fn each(&self, time: Duration) -> f64 {
        time.as_secs_f64() * 1e6 / f64::from(self.done.max(1))
    }

    /// Microseconds of a processor each: the server's arithmetic, its rest, PostgreSQL, the generator.
    pub(crate) fn costs(&self) -> [f64; 4] {
        let Usage { server, arithmetic, postgres, generator } = self.usage;
        [arithmetic, server.saturating_sub(arithmetic), postgres, generator].map(|time| self.each(time))
    }

    /// The times within which 50, 90, 99 and 99.9 of a hundred were done, in milliseconds.
    pub(crate) fn percentiles(&self) -> [f64; 4] {
        percentiles(&self.times)
    }

    pub(crate) fn json(&self) -> Value {
        let [arithmetic, rest, postgres, generator] = self.costs();
        let named = |[p50, p90, p99, p999]: [f64; 4]| json!({ "p50": p50, "p90": p90, "p99": p99, "p99.9": p999 });
        json!({
            "per_second": self.rate(),
            "count": self.done,
            "busy": self.refused,
            "seconds": self.time.as_secs_f64(),
            "cpu_us_each": {
                "server_arithmetic": arithmetic,
                "server_rest": rest,
                "postgres": postgres,
                "generator": generator,
            },
            "milliseconds": named(self.percentiles()),
            "milliseconds_step_one": named(percentiles(&self.challenges)),
            "milliseconds_step_two": named(percentiles(&self.proofs)),
        })
    }
}

fn percentiles(sorted: &[Duration]) -> [f64; 4] {
    [500, 900, 990, 999].map(|part| {
        let at = (sorted.len() * part / 1000).min(sorted.len().saturating_sub(1));
        sorted.get(at).map_or(0.0, |time| time.as_secs_f64() * 1e3)
    })
}
