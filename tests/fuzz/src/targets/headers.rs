//! Headers that decide something: the refresh cookie, the chain of proxies, the origin.

use crate::edits::choice;

pub fn run(data: &[u8]) {
    let (kind, rest) = choice(data);
    match kind % 3 {
        0 => tacit_api::fuzz::cookies(rest),
        1 => tacit_api::fuzz::forwarded(rest),
        _ => tacit_api::fuzz::origin(rest),
    }
}
