//! What can go wrong, as stable codes that JavaScript tells apart.

use wasm_bindgen::JsValue;

/// Why the client refused. JavaScript is thrown the code of [`Error::code`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The host is neither the realm nor below it.
    RealmMismatch,
    /// The password is empty.
    PasswordEmpty,
    /// The password is too long.
    PasswordTooLong,
    /// The password has a code point that Unicode did not assign, or is no text at all.
    PasswordUnassigned,
    /// The preset is not in the client's table.
    PresetUnknown,
    /// The challenge breaks the protocol.
    ChallengeInvalid,
    /// The credential did not verify when both sides were tried.
    SelfCheckFailed,
    /// The memory that the stretching needs is not there.
    OutOfMemory,
    /// The steps were taken out of order, or a value has a length that nothing here gives it.
    Internal,
}

impl Error {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::RealmMismatch => "realm_mismatch",
            Self::PasswordEmpty => "password_empty",
            Self::PasswordTooLong => "password_too_long",
            Self::PasswordUnassigned => "password_unassigned",
            Self::PresetUnknown => "preset_unknown",
            Self::ChallengeInvalid => "challenge_invalid",
            Self::SelfCheckFailed => "self_check_failed",
            Self::OutOfMemory => "out_of_memory",
            Self::Internal => "internal",
        }
    }
}

impl From<Error> for JsValue {
    fn from(error: Error) -> Self {
        Self::from_str(error.code())
    }
}
