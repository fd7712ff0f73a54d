//! Times the server's side of a login and writes the figures as JSON:
//!
//! ```sh
//! tacit-bench [ROUNDS] >target/bench/arithmetic.json
//! ```

use std::{collections::BTreeMap, env, error::Error};

use serde::Serialize;
use tacit_bench::{
    contender::{Contender, Kind, Part, check},
    counts::{self, LoginCounts},
    handshake::Handshake,
    kernels,
    machine::Machine,
    peers,
    timing::{self, Summary, Turn},
};
use tacit_shared::srp::Group;

/// Handshakes that take turns, so that nobody learns one by heart.
const HANDSHAKES: usize = 8;
const ROUNDS: usize = 100;

#[derive(Serialize)]
struct Report {
    machine: Machine,
    core: usize,
    rounds: usize,
    groups: Vec<GroupReport>,
}

#[derive(Serialize)]
struct GroupReport {
    bits: usize,
    /// What our own login is made of.
    counts: LoginCounts,
    contenders: Vec<ContenderReport>,
}

#[derive(Serialize)]
struct ContenderReport {
    name: String,
    kind: Kind,
    constant_time: bool,
    /// Nanoseconds.
    parts: BTreeMap<Part, Summary>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let rounds = env::args().nth(1).map_or(Ok(ROUNDS), |rounds| rounds.parse())?;
    let machine = Machine::this();
    let core = timing::pin();
    let groups = Group::ALL.into_iter().map(|group| measure(group, rounds)).collect::<Result<_, _>>()?;
    serde_json::to_writer(std::io::stdout(), &Report { machine, core, rounds, groups })?;
    Ok(())
}

/// Times all parts of all contenders in one group.
fn measure(group: Group, rounds: usize) -> Result<GroupReport, String> {
    eprintln!("{} bits, {rounds} rounds", group.bits());
    let handshakes: Vec<_> = (0..HANDSHAKES.min(rounds)).map(|number| Handshake::numbered(group, number)).collect();
    let mut contenders = peers::of(group);
    contenders.extend(kernels::of(group, &handshakes));
    // Whoever computes something else is no peer: nothing is timed then.
    contenders.iter().try_for_each(|contender| check(&**contender, &handshakes))?;

    let mut turns: Vec<((usize, Part), Turn<'_>)> = Vec::new();
    for part in Part::ALL {
        for (number, contender) in contenders.iter().enumerate() {
            if contender.run(part, &handshakes[0]).is_some() {
                let handshakes = &handshakes;
                let turn = move |round: usize| {
                    std::hint::black_box(contender.run(part, &handshakes[round % handshakes.len()]));
                };
                turns.push(((number, part), Box::new(turn)));
            }
        }
    }
    let mut figures = timing::interleave(&turns, rounds);
    let contenders = contenders.iter().enumerate().map(|(number, contender)| {
        let mine = figures.extract_if(.., |(of, _), _| *of == number);
        describe(&**contender, mine.map(|((_, part), summary)| (part, summary)).collect())
    });
    let contenders = contenders.collect();
    Ok(GroupReport { bits: group.bits(), counts: counts::of(group, &handshakes), contenders })
}

fn describe(contender: &dyn Contender, parts: BTreeMap<Part, Summary>) -> ContenderReport {
    ContenderReport { name: contender.name(), kind: contender.kind(), constant_time: contender.constant_time(), parts }
}
