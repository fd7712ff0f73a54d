//! Rounds on one core, everybody's turn in each: what slows the machine down slows all of them down.

use std::{collections::BTreeMap, hint::black_box};

use rustix::{
    thread::{CpuSet, sched_getaffinity, sched_setaffinity},
    time::{ClockId, clock_gettime},
};
use serde::Serialize;

/// Keeps this thread on the last core it may run on, and names it: the first ones serve most interrupts.
///
/// # Panics
/// Where the system refuses.
#[must_use]
pub fn pin() -> usize {
    let allowed = sched_getaffinity(None).expect("the cores of this process");
    let core = (0..CpuSet::MAX_CPU).rfind(|core| allowed.is_set(*core)).expect("at least one core");
    let mut only = CpuSet::new();
    only.set(core);
    sched_setaffinity(None, &only).expect("one of its own cores");
    core
}

/// Nanoseconds of CPU that a call took: what other programs got meanwhile does not count.
///
/// # Panics
/// Never: the clock only grows.
pub fn nanoseconds<T>(call: impl FnOnce() -> T) -> u64 {
    let begun = cpu_time();
    black_box(call());
    u64::try_from(cpu_time() - begun).expect("a clock that grows")
}

fn cpu_time() -> i64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}

/// One thing to time; it gets the number of the round.
pub type Turn<'a> = Box<dyn Fn(usize) + 'a>;

/// What the rounds came to.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Summary {
    /// Nanoseconds of the fastest.
    pub minimum: u64,
    /// Nanoseconds of the one in the middle.
    pub median: u64,
}

/// Times all turns, one after the other, `rounds` times. Each is taken once before it is timed: whoever comes after
/// somebody with the same tables in the caches would have an advantage.
///
/// # Panics
/// If there are no rounds.
#[must_use]
pub fn interleave<K: Ord + Clone>(turns: &[(K, Turn<'_>)], rounds: usize) -> BTreeMap<K, Summary> {
    assert!(rounds > 0, "nothing was asked for");
    let mut samples = vec![Vec::with_capacity(rounds); turns.len()];
    for round in 0..rounds {
        for ((_, turn), samples) in turns.iter().zip(&mut samples) {
            turn(round);
            samples.push(nanoseconds(|| turn(round)));
        }
    }
    let keys = turns.iter().map(|(key, _)| key.clone());
    keys.zip(samples.into_iter().map(summary)).collect()
}

fn summary(mut samples: Vec<u64>) -> Summary {
    samples.sort_unstable();
    Summary { minimum: samples[0], median: samples[samples.len() / 2] }
}
