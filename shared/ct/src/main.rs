//! The arithmetic of both sides under valgrind's memcheck, with every secret marked as undefined: memcheck then reports
//! each branch and each memory address that depends on one. What may be branched on is declared in `shared/src/public.rs`,
//! and here for results that leave the crate: `A`, `B`, the proofs, `confirm`, and verdicts.
//!
//! The known answers of `shared/vectors` go in and are compared with what comes out, in all groups and all forms of the
//! proof. Faults that were put in must be reported. `scripts/constant-time.sh` builds and runs it, once for each kernel.

mod kernels;
mod leaks;
mod marked;
mod memcheck;
mod report;
mod sides;
mod vectors;

use std::process::ExitCode;

use report::Report;
use tacit_shared::srp::Group;

fn main() -> ExitCode {
    if !memcheck::is_running() || !listens() {
        eprintln!("This program is for scripts/constant-time.sh.");
        return ExitCode::from(2);
    }
    let kernel = std::env::args().nth(1).unwrap_or_default();
    if let Err(reason) = kernels::install(&kernel) {
        eprintln!("{kernel}: {reason}");
        return ExitCode::from(2);
    }
    println!("kernel {kernel}");
    let mut report = Report::default();
    "faults put in".clone_into(&mut report.stage);
    leaks::seeded(&mut report);
    for group in Group::ALL {
        let vectors = vectors::load(group);
        report.stage = format!("{} bits, credential", group.bits());
        sides::credential(&mut report, &vectors);
        for handshake in &vectors.handshakes {
            report.stage = format!("{} bits, {}", group.bits(), handshake.name);
            sides::login(&mut report, &vectors, handshake);
        }
    }
    if report.tell() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Whether the crate was built to say what it declares public.
fn listens() -> bool {
    #[cfg(constant_time_check)]
    tacit_shared::public::on_declare(memcheck::mark_public);
    cfg!(constant_time_check)
}
