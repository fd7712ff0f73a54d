//! libFuzzer on everything that parses what strangers send. `TACIT_FUZZ_TARGET` chooses one of [`TARGETS`].
//!
//! A target does not only look for crashes: it holds what must be true of every input, by round trips and by oracles
//! that are computed in another way. `scripts/fuzz.sh` builds and runs it; the first inputs are in `../seeds`.

#![no_main]
#[cfg(not(fuzzing))]
compile_error!("scripts/fuzz.sh builds this: the parsers' private parts are open under `cfg(fuzzing)` only");

mod edits;
mod seeds;
mod targets;
mod world;

use std::sync::LazyLock;

type Target = fn(&[u8]);

/// Every target by its name, which is that of its folder of seeds.
const TARGETS: [(&str, Target); 9] = [
    ("address", targets::address::run),
    ("body", targets::body::run),
    ("encodings", targets::encodings::run),
    ("handshake", targets::handshake::run),
    ("headers", targets::headers::run),
    ("messages", targets::messages::run),
    ("requests", targets::requests::run),
    ("sealed", targets::sealed::run),
    ("tokens", targets::tokens::run),
];

static CHOSEN: LazyLock<Target> = LazyLock::new(|| {
    #[expect(clippy::disallowed_methods, reason = "libFuzzer takes the command line")]
    let (name, folder) = (std::env::var("TACIT_FUZZ_TARGET"), std::env::var_os("TACIT_FUZZ_WRITE_SEEDS"));
    if let Some(folder) = folder {
        seeds::write(folder.as_ref()).expect("the seeds are written");
        std::process::exit(0);
    }
    let name = name.expect("TACIT_FUZZ_TARGET is set");
    TARGETS.iter().find(|(known, _)| *known == name).expect("a known target").1
});

libfuzzer_sys::fuzz_target!(
    init: { LazyLock::force(&CHOSEN); },
    |data: &[u8]| CHOSEN(data)
);
