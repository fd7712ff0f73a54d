//! The one table of lengths and counts.
//!
//! Lengths of text are in characters (Unicode scalar values) unless the name says bytes.

/// An e-mail address (RFC 5321 §4.5.3.1.3 leaves 254 octets for one between angle brackets).
pub const AUTH_ID_MAX: usize = 254;
/// The name a person wants to be called by.
pub const DISPLAY_NAME_MAX: usize = 100;
/// A BCP 47 language tag (RFC 5646 §4.4.1).
pub const LANGUAGE_MAX: usize = 35;
/// What a person calls a device.
pub const DEVICE_NAME_MAX: usize = 100;
/// A sealed handshake in base64url.
pub const HANDSHAKE_MAX: usize = 2048;
/// What a proof authorises, sealed, in base64url: a credential of the largest group takes some 1,700.
pub const SEALED_MAX: usize = 4096;
/// A password, both as typed and in normal form NFKC, in UTF-8.
pub const PASSWORD_MAX_BYTES: usize = 1024;
/// A request body, in bytes.
pub const BODY_MAX: usize = 32 * 1024;

/// An SRP identity: 16 random bytes in lower-case hex.
pub const IDENTITY_CHARS: usize = 32;
/// A salt, raw.
pub const SALT_BYTES: usize = 32;
/// `M1`, `M2` and `confirm`, raw.
pub const PROOF_BYTES: usize = 32;
/// A salt, a proof or `confirm` in hex.
pub const BYTES_HEX: usize = 64;
/// The longest integer on the wire: 4096 bits in hex.
pub const INTEGER_HEX_MAX: usize = 1024;

/// Random bytes behind a ticket, a refresh token and a link secret.
pub const SECRET_BYTES: usize = 32;
/// A ticket: `tk_` and 43 characters of base64url.
pub const TICKET_CHARS: usize = 46;
/// A refresh token: `rt_` and 43 characters of base64url.
pub const REFRESH_TOKEN_CHARS: usize = 46;
/// A device token: `dt_` and 75 characters of base64url.
pub const DEVICE_TOKEN_CHARS: usize = 78;
/// The secret in a mailed link, in base64url.
pub const LINK_SECRET_CHARS: usize = 43;
/// Letters and digits of a typed code, without the hyphen.
pub const CODE_CHARS: usize = 10;
/// A typed code as somebody may type it, with spaces and hyphens.
pub const CODE_TYPED_MAX: usize = 32;
/// An access token as a client accepts it.
pub const ACCESS_TOKEN_MAX: usize = 4096;

/// An address to return to after a visit to a provider.
pub const RETURN_TO_MAX: usize = 2048;

/// How long a handshake lives, in seconds.
pub const HANDSHAKE_SECONDS: u64 = 120;

/// Rows of a list when the caller names no limit.
pub const PAGE_DEFAULT: u32 = 50;
/// Rows of a list at most.
pub const PAGE_MAX: u32 = 100;
