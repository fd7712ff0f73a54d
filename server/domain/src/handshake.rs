//! What the server must remember between the two steps of a handshake, as fixed bytes that only it can read.

use tacit_shared::sealed::Purpose;
use tacit_store::Timestamp;
use tacit_store::logins::SpentHandshake;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::combs::Credential;

/// Longest public value: the 4096-bit group.
pub(crate) const PUBLIC_MAX: usize = 512;
/// Bytes of an encoded [`Handshake`], the same for every account and group.
pub(crate) const LENGTH: usize = 1 + 1 + 1 + 2 + 16 + 16 + 8 + 16 + 8 + 16 + 32 + 16 + 32 + 32 + PUBLIC_MAX;
const VERSION: u8 = 1;
/// How long an epoch's key seals.
pub(crate) const EPOCH_MS: i64 = 60 * 60 * 1000;
/// How long past its epoch a key still opens: the life of what is sealed longest (a visit to a provider, ten minutes), and
/// some doubt about clocks.
pub(crate) const DESTROY_AFTER_MS: i64 = 13 * 60 * 1000;
/// A handshake is answered within this time.
pub(crate) const LIFETIME_MS: i64 = 2 * 60 * 1000;
/// How far in the future an issue time may lie: two nodes' clocks differ.
pub(crate) const SKEW_MS: i64 = 5 * 1000;
/// How long after its issue a nonce stays spent: longer than the key that opens the handshake, and an hour of doubt.
///
/// Its life alone would not do: a clock that was ahead and is set back makes a handshake young again, and it must not
/// find its nonce forgotten.
pub(crate) const SPENT_KEPT_MS: i64 = EPOCH_MS + DESTROY_AFTER_MS + 60 * 60 * 1000;

/// A purpose as it stands in a handshake. Its number never changes; recovery has none yet.
const fn purpose_byte(purpose: Purpose) -> u8 {
    match purpose {
        Purpose::Recovery => 0,
        Purpose::Login => 1,
        Purpose::Change => 2,
        Purpose::Upgrade => 3,
        Purpose::StepUp => 4,
    }
}

const fn purpose_of(byte: u8) -> Option<Purpose> {
    match byte {
        1 => Some(Purpose::Login),
        2 => Some(Purpose::Change),
        3 => Some(Purpose::Upgrade),
        4 => Some(Purpose::StepUp),
        _ => None,
    }
}

/// Whose credential the challenge was made from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// Nobody's: the address is unknown.
    Decoy,
    /// An account's.
    Account,
    /// A sign-up's that waits for activation.
    Pending,
}

impl Subject {
    pub(crate) const fn byte(self) -> u8 {
        match self {
            Self::Decoy => 0,
            Self::Account => 1,
            Self::Pending => 2,
        }
    }

    pub(crate) const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Decoy),
            1 => Some(Self::Account),
            2 => Some(Self::Pending),
            _ => None,
        }
    }
}

/// The server's state between step one and step two.
pub(crate) struct Handshake {
    pub(crate) purpose: Purpose,
    pub(crate) subject: Subject,
    pub(crate) preset: u16,
    /// Account or pending credential; zero for a decoy.
    pub(crate) owner: Uuid,
    pub(crate) credential: Uuid,
    pub(crate) version: i64,
    /// The session that asked, for purposes other than login; zero otherwise.
    pub(crate) session: Uuid,
    pub(crate) issued_at: Timestamp,
    pub(crate) nonce: [u8; 16],
    /// The throttle key of the address.
    pub(crate) attempt: [u8; 32],
    pub(crate) identity: [u8; 16],
    pub(crate) salt: [u8; 32],
    pub(crate) b: Zeroizing<[u8; 32]>,
    /// `B`, left-padded to the longest group.
    pub(crate) public: [u8; PUBLIC_MAX],
}

impl Handshake {
    /// The credential that the challenge was made from.
    pub(crate) const fn credential(&self) -> Credential {
        Credential { account: self.owner, id: self.credential, version: self.version, salt: self.salt }
    }

    /// What is kept of it once it was answered.
    pub(crate) const fn spent(&self) -> SpentHandshake {
        let keep_until = Timestamp::from_millis(self.issued_at.as_millis() + SPENT_KEPT_MS);
        SpentHandshake { nonce: self.nonce, keep_until }
    }

    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(Vec::with_capacity(LENGTH));
        out.extend_from_slice(&[VERSION, purpose_byte(self.purpose), self.subject.byte()]);
        out.extend_from_slice(&self.preset.to_be_bytes());
        out.extend_from_slice(self.owner.as_bytes());
        out.extend_from_slice(self.credential.as_bytes());
        out.extend_from_slice(&self.version.to_be_bytes());
        out.extend_from_slice(self.session.as_bytes());
        out.extend_from_slice(&self.issued_at.as_millis().to_be_bytes());
        out.extend_from_slice(&self.nonce);
        out.extend_from_slice(&self.attempt);
        out.extend_from_slice(&self.identity);
        out.extend_from_slice(&self.salt);
        out.extend_from_slice(&*self.b);
        out.extend_from_slice(&self.public);
        out
    }

    /// Reads what [`Handshake::encode`] wrote; `None` for another version or length.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        if bytes.len() != LENGTH {
            return None;
        }
        let mut rest = bytes;
        let [version, purpose, subject] = take::<3>(&mut rest)?;
        let purpose = purpose_of(purpose)?;
        let subject = Subject::from_byte(subject)?;
        if version != VERSION {
            return None;
        }
        Some(Self {
            purpose,
            subject,
            preset: u16::from_be_bytes(take(&mut rest)?),
            owner: Uuid::from_bytes(take(&mut rest)?),
            credential: Uuid::from_bytes(take(&mut rest)?),
            version: i64::from_be_bytes(take(&mut rest)?),
            session: Uuid::from_bytes(take(&mut rest)?),
            issued_at: Timestamp::from_millis(i64::from_be_bytes(take(&mut rest)?)),
            nonce: take(&mut rest)?,
            attempt: take(&mut rest)?,
            identity: take(&mut rest)?,
            salt: take(&mut rest)?,
            b: Zeroizing::new(take(&mut rest)?),
            public: take(&mut rest)?,
        })
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk::<N>()?;
    *rest = tail;
    Some(*head)
}

/// Left-pads a public value or verifier to the longest group.
pub(crate) fn pad(bytes: &[u8]) -> [u8; PUBLIC_MAX] {
    let mut padded = [0u8; PUBLIC_MAX];
    for (to, from) in padded.iter_mut().rev().zip(bytes.iter().rev()) {
        *to = *from;
    }
    padded
}

/// The last `length` bytes of what [`pad`] made.
pub(crate) fn unpad(padded: &[u8; PUBLIC_MAX], length: usize) -> Option<&[u8]> {
    padded.get(PUBLIC_MAX.checked_sub(length)?..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handshake_reads_back_as_it_was_written_and_no_other_length_or_purpose_does() {
        let state = Handshake {
            purpose: Purpose::Login,
            subject: Subject::Pending,
            preset: 3,
            owner: Uuid::from_bytes([1; 16]),
            credential: Uuid::from_bytes([2; 16]),
            version: 7,
            session: Uuid::nil(),
            issued_at: Timestamp::from_millis(1_234),
            nonce: [3; 16],
            attempt: [4; 32],
            identity: [5; 16],
            salt: [6; 32],
            b: Zeroizing::new([7; 32]),
            public: pad(&[8; 256]),
        };
        let bytes = state.encode();
        assert_eq!(bytes.len(), LENGTH);
        assert_eq!(*Handshake::decode(&bytes).unwrap().encode(), *bytes);
        assert!(Handshake::decode(&bytes[1..]).is_none());
        assert!(Handshake::decode(&[bytes.as_slice(), &[0]].concat()).is_none());
        assert_eq!(unpad(&state.public, 256).unwrap(), [8; 256]);
        // Another version, purpose or subject: none that this program knows what to do with.
        for (place, known) in [(0, VERSION..=VERSION), (1, 1..=4), (2, 0..=2)] {
            for other in (0..=u8::MAX).filter(|other| !known.contains(other)) {
                let mut altered = bytes.to_vec();
                altered[place] = other;
                assert!(Handshake::decode(&altered).is_none(), "byte {place} is {other}");
            }
        }
    }
}
