//! How many connections the operating system lets us have

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that are open whatever happens: listeners, logs, templates, the mail server, what a library may open.
const ALWAYS: usize = 64;
/// A reader of SQLite has the database, its log and its index open; one that reads where it is asked shares the index.
const PER_DATABASE_CONNECTION: usize = 4;

/// Open files to keep clear of connections.
pub(crate) fn reserve(database_connections: u32) -> usize {
    ALWAYS + PER_DATABASE_CONNECTION * usize::try_from(database_connections).unwrap_or(usize::MAX / 16)
}

/// How many of the connections wanted fit beside the reserve.
///
/// The soft limit is there for programs that use `select`, and is far below the hard one on most systems: it is raised
/// first.
pub(crate) fn fitting(wanted: usize, reserve: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let limit = if setrlimit(Resource::Nofile, raised).is_ok() { limit.maximum } else { limit.current };
    // No limit at all.
    let Some(limit) = limit else { return wanted };
    let fits = share(usize::try_from(limit).unwrap_or(usize::MAX), reserve);
    if fits < wanted {
        tracing::warn!(
            wanted,
            fits,
            limit,
            "limits.connections does not fit the limit of open files: raise LimitNOFILE or ulimit -n"
        );
    }
    wanted.min(fits)
}

/// Where the limit is tiny, connections and the rest share it.
fn share(limit: usize, reserve: usize) -> usize {
    limit.saturating_sub(reserve).max(limit / 2).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_room_for_the_database() {
        assert_eq!(share(1024, reserve(10)), 920);
        assert_eq!(share(80, reserve(10)), 40);
        assert_eq!(share(1, reserve(10)), 1);
        assert_eq!(fitting(1, 0), 1);
        assert!(fitting(usize::MAX, 0) > 1);
    }
}
