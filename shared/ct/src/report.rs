//! Counts what memcheck reports, step by step.

use std::hint::black_box;

use crate::memcheck;

/// What was found so far.
#[derive(Default)]
pub struct Report {
    steps: usize,
    faults: Vec<String>,
    /// What is being looked at.
    pub stage: String,
}

impl Report {
    /// A step in which nothing may be reported.
    pub fn expect_none<T>(&mut self, name: &str, step: impl FnOnce() -> T) -> T {
        let (result, reports) = count(step);
        self.steps += 1;
        if reports > 0 {
            self.faults.push(format!("{}, {name}: {reports} reports, where none is expected", self.stage));
        }
        result
    }

    /// A step in which something must be reported.
    pub fn expect_some<T>(&mut self, name: &str, step: impl FnOnce() -> T) {
        let (_, reports) = count(step);
        if reports == 0 {
            self.faults.push(format!("{}, {name}: not noticed", self.stage));
        } else {
            println!("noticed, as it must be: {name}");
        }
    }

    /// Says how it went; true if all went well.
    pub fn tell(&self) -> bool {
        for fault in &self.faults {
            println!("FAULT {fault}");
        }
        println!("{} steps on secrets, {} with reports", self.steps, self.faults.len());
        self.faults.is_empty()
    }
}

fn count<T>(step: impl FnOnce() -> T) -> (T, usize) {
    let before = memcheck::reports();
    let result = black_box(step());
    (result, memcheck::reports() - before)
}
