//! What the figures were measured on.

use std::fs;

use serde::Serialize;

use crate::peers;

/// Instructions that decide how fast integers are multiplied.
const TELLING_FLAGS: [&str; 8] = ["bmi2", "adx", "avx2", "avx512f", "avx512vl", "avx512ifma", "avx_ifma", "asimd"];

/// The machine, the compiler, and the versions of the libraries.
#[derive(Serialize)]
pub struct Machine {
    /// As the processor calls itself, with its family and model.
    pub processor: String,
    /// The flags that matter.
    pub flags: Vec<&'static str>,
    /// How many cores the system has.
    pub cores: usize,
    /// Other programs that wanted to run, over the last minute: above one, and the medians are worth little.
    pub load: String,
    /// `rustc --version`
    pub compiler: &'static str,
    /// How the program was compiled.
    pub profile: &'static str,
    /// Name and version.
    pub libraries: Vec<(&'static str, String)>,
}

impl Machine {
    /// This one, now.
    #[must_use]
    pub fn this() -> Self {
        let information = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let field = |names: &[&str]| {
            let line = information.lines().find(|line| names.iter().any(|name| line.trim_end().starts_with(name)));
            line.and_then(|line| line.split_once(':')).map_or("", |(_, value)| value.trim()).to_owned()
        };
        let flags = field(&["flags", "Features"]);
        let has = |flag: &&str| flags.split_whitespace().any(|has| has == *flag);
        Self {
            processor: format!(
                "{}, family {}, model {}",
                field(&["model name"]),
                field(&["cpu family"]),
                field(&["model\t"])
            ),
            flags: TELLING_FLAGS.into_iter().filter(has).collect(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            load: fs::read_to_string("/proc/loadavg").unwrap_or_default().split(' ').next().unwrap_or("").to_owned(),
            compiler: env!("TACIT_BENCH_COMPILER"),
            profile: if cfg!(debug_assertions) { "with assertions" } else { "optimised" },
            libraries: peers::versions(),
        }
    }
}
