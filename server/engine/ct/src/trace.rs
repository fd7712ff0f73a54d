//! One process that looks at each instruction of another.
#![expect(unsafe_code, reason = "forks, and speaks to the kernel about the process")]

use std::io;
use std::ptr::null_mut;

use libc::{c_int, pid_t};

/// A process that is stopped before its computation.
struct Stopped(pid_t);

/// The addresses of all instructions that `compute` executes with each secret, in order, as long as they are those of
/// the first secret: the number of them, or the secret that left the way first, and where.
///
/// # Errors
/// What the operating system refuses.
pub fn same_way<S>(secrets: &[S], compute: impl Fn(&S)) -> io::Result<Result<usize, Departure>> {
    // All of them start from this very memory: allocations in between would be seen as differences.
    let mut stopped = Vec::with_capacity(secrets.len());
    for secret in secrets {
        stopped.push(start(|| compute(secret))?);
    }
    let mut way: Vec<u64> = Vec::new();
    for (secret, process) in stopped.into_iter().enumerate() {
        let mut departed = None;
        let mut steps = 0;
        process.walk(|address| {
            if secret == 0 {
                way.push(address);
            } else if way.get(steps) != Some(&address) {
                departed = Some(Departure { secret, steps, address });
            }
            steps += 1;
            departed.is_none()
        })?;
        if departed.is_none() && steps < way.len() {
            departed = Some(Departure { secret, steps, address: 0 });
        }
        if let Some(departure) = departed {
            return Ok(Err(departure));
        }
    }
    Ok(Ok(way.len()))
}

/// Where another instruction was executed than with the first secret.
pub struct Departure {
    /// Which secret.
    pub secret: usize,
    /// After so many instructions.
    pub steps: usize,
    /// The instruction.
    pub address: u64,
}

fn start(compute: impl FnOnce()) -> io::Result<Stopped> {
    // SAFETY: this program has one thread.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        // SAFETY: asks to be traced, and stops until the tracer goes on.
        unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, null_mut::<u8>(), null_mut::<u8>()) };
        // SAFETY: as above.
        unsafe { libc::raise(libc::SIGSTOP) };
        compute();
        // SAFETY: the sign that it is done.
        unsafe { libc::raise(libc::SIGSTOP) };
        // SAFETY: ends the process and nothing else.
        unsafe { libc::_exit(0) };
    }
    if pid < 0 {
        return Err(io::Error::last_os_error());
    }
    let process = Stopped(pid);
    match process.wait()? {
        libc::SIGSTOP => Ok(process),
        other => Err(io::Error::other(format!("stopped by signal {other} before it computed"))),
    }
}

impl Stopped {
    /// Executes instruction after instruction, and says where each is, until it is done or `go_on` says no.
    fn walk(self, mut go_on: impl FnMut(u64) -> bool) -> io::Result<()> {
        loop {
            self.ask(libc::PTRACE_SINGLESTEP)?;
            match self.wait()? {
                libc::SIGTRAP => {}
                libc::SIGSTOP => return Ok(()),
                other => return Err(io::Error::other(format!("stopped by signal {other}"))),
            }
            if !go_on(self.instruction()?) {
                return Ok(());
            }
        }
    }

    /// The signal that stopped it.
    fn wait(&self) -> io::Result<c_int> {
        let mut status = 0;
        // SAFETY: `status` is written to, and lives.
        if unsafe { libc::waitpid(self.0, &raw mut status, 0) } < 0 {
            return Err(io::Error::last_os_error());
        }
        if libc::WIFSTOPPED(status) {
            Ok(libc::WSTOPSIG(status))
        } else {
            Err(io::Error::other("it ended before it was done"))
        }
    }

    fn ask(&self, what: libc::c_uint) -> io::Result<()> {
        // SAFETY: an order to a process of ours, without memory of this one.
        if unsafe { libc::ptrace(what, self.0, null_mut::<u8>(), null_mut::<u8>()) } < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    }

    /// Where the next instruction is.
    fn instruction(&self) -> io::Result<u64> {
        let offset = libc::RIP * 8;
        // SAFETY: the C library puts the word into a variable of its own, and returns it.
        let word = unsafe { libc::ptrace(libc::PTRACE_PEEKUSER, self.0, offset, null_mut::<u8>()) };
        // No instruction is there: it is the error.
        if word == -1 { Err(io::Error::last_os_error()) } else { Ok(word.cast_unsigned()) }
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        let mut status = 0;
        // SAFETY: a process of ours, which has not been waited for: the number is still its own.
        unsafe { libc::kill(self.0, libc::SIGKILL) };
        // SAFETY: as in `wait`.
        unsafe { libc::waitpid(self.0, &raw mut status, 0) };
    }
}
