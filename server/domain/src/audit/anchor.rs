//! A short text that says how far the log had come, to be kept where the database's thieves do not reach.

use tacit_shared::encoding;

use super::CHAINS;
use super::seals::same;
use crate::core::Core;
use crate::keyring::mac;

const PREFIX: &str = "tacit-audit-1.";
/// A place in a chain and the tag of the event there.
const ENTRY: usize = 16;
const CHECK: usize = 16;

/// How far each chain had come: the last place, and a tag of the event there.
///
/// As text: `tacit-audit-1.` and base64url of sixteen times (place, 8 bytes, big-endian; tag, 8 bytes), and 16 bytes of
/// an HMAC over those, which tells a mistyped anchor, and one of another server, from a log that was rolled back.
pub(super) struct Anchor(Vec<(i64, [u8; 8])>);

impl Anchor {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    /// The next chain's end.
    pub(super) fn push(&mut self, sequence: i64, tag: [u8; 8]) {
        self.0.push((sequence, tag));
    }

    /// What it says of a chain.
    pub(super) fn of(&self, chain: i64) -> Option<(i64, [u8; 8])> {
        self.0.get(usize::try_from(chain).ok()?).copied()
    }
}

impl Core {
    pub(super) fn write_anchor(&self, anchor: &Anchor) -> String {
        let mut bytes: Vec<u8> =
            anchor.0.iter().flat_map(|(sequence, tag)| [sequence.to_be_bytes(), *tag].concat()).collect();
        bytes.extend(self.anchor_check(&bytes));
        format!("{PREFIX}{}", encoding::to_base64url(&bytes))
    }

    /// `None` for what this server has not written.
    pub(super) fn read_anchor(&self, text: &str) -> Option<Anchor> {
        let bytes = encoding::from_base64url(text.trim().strip_prefix(PREFIX)?).ok()?;
        let (entries, check) = bytes.split_at_checked(bytes.len().checked_sub(CHECK)?)?;
        if !same(&self.anchor_check(entries), check) {
            return None;
        }
        let anchor: Vec<_> = entries.chunks_exact(ENTRY).filter_map(entry).collect();
        (i64::try_from(anchor.len()) == Ok(CHAINS)).then_some(Anchor(anchor))
    }

    fn anchor_check(&self, entries: &[u8]) -> [u8; CHECK] {
        let mut check = [0; CHECK];
        let full = mac(&self.keyring.audit, &[b"anchor-text", entries]);
        check.copy_from_slice(full.split_at(CHECK).0);
        check
    }
}

fn entry(bytes: &[u8]) -> Option<(i64, [u8; 8])> {
    let (sequence, tag) = bytes.split_first_chunk::<8>()?;
    Some((i64::from_be_bytes(*sequence), tag.try_into().ok()?))
}
