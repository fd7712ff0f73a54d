//! What can be wrong with the log.

use std::fmt;

use tacit_store::AuditEventId;

/// Defines the kinds of faults, each with its word and what it says.
macro_rules! fault_kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $says:literal;)+) => {
        /// A way in which the log is not what the server wrote.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum FaultKind {
            $($(#[$doc])* $name,)+
        }

        impl FaultKind {
            /// The word scripts look for.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            const fn says(self) -> &'static str {
                match self { $(Self::$name => $says,)+ }
            }
        }
    };
}

fault_kinds! {
    /// A row is not as it was written, or stands elsewhere than it did.
    Altered = "altered", "the event was altered, or does not belong behind the one before it";
    /// Rows between others are gone.
    Missing = "missing", "events that stood between others are gone";
    /// Rows at the end are gone.
    CutOff = "cut_off", "events that stood at the end are gone";
    /// A row nobody recorded.
    Foreign = "foreign", "the event stands where the server writes none";
    /// A row behind the end.
    BehindTheEnd = "behind_the_end", "the event stands behind what the server noted as the end of its chain";
    /// The end of a chain is not what the server noted.
    HeadAltered = "head_altered", "what the server noted as the end of the chain was altered";
    /// The end of a chain was missing.
    ChainMissing = "chain_missing", "the end of the chain was gone, so that nothing says where it had been";
    /// Where an event came from is not what was recorded.
    OriginAltered = "origin_altered", "where the event came from was altered";
    /// Where an event came from is gone, and the account is not.
    OriginMissing = "origin_missing", "where the event came from is gone, and its account was not deleted";
    /// The log is older than the anchor, or another one.
    RolledBack = "rolled_back", "the log does not have the event that the anchor says was here";
}

/// A fault, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditFault {
    /// What is wrong.
    pub kind: FaultKind,
    /// In which chain.
    pub chain: i64,
    /// At which place there: the first and the last that are concerned.
    pub places: Option<(i64, i64)>,
    /// The event, where its row is there and can be read.
    pub event: Option<AuditEventId>,
}

impl AuditFault {
    pub(super) const fn of_chain(kind: FaultKind, chain: i64) -> Self {
        Self { kind, chain, places: None, event: None }
    }

    pub(super) const fn at(kind: FaultKind, chain: i64, sequence: i64, event: Option<AuditEventId>) -> Self {
        Self { kind, chain, places: Some((sequence, sequence)), event }
    }

    pub(super) const fn between(kind: FaultKind, chain: i64, first: i64, last: i64) -> Self {
        Self { kind, chain, places: Some((first, last)), event: None }
    }
}

impl fmt::Display for AuditFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: chain {}", self.kind.as_str(), self.chain)?;
        match self.places {
            Some((first, last)) if first == last => write!(f, ", event {first}")?,
            Some((first, last)) => write!(f, ", events {first} to {last}")?,
            None => {}
        }
        if let Some(event) = self.event {
            write!(f, " ({event})")?;
        }
        write!(f, ": {}", self.kind.says())
    }
}
