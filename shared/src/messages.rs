//! The messages of the handshake and of what surrounds it, as they stand on the wire.
//!
//! Members are texts and numbers; what they mean is parsed once, at the edge. Requests and credentials with unknown
//! members are refused; in answers a client ignores them, so that answers can grow. A member that is absent is left
//! out, never `null`. Most messages carry secrets, so none has `Debug`.

mod account;
mod login;
mod oauth;
mod password;
mod reset;
mod session;
mod sign_up;

pub use account::{AccountUpdate, EmailChangeSecret, EmailChanged};
pub use login::{Challenge, LoginProof, LoginResult, LoginStart, ParsedChallenge, RefreshDelivery};
pub use oauth::{
    CodeExchange, Display, MobileExchange, PasswordSet, SignedIn, VisitBegun, VisitCode, VisitPurpose, VisitStart,
    VisitSteppedUp,
};
pub use password::{ChangePurpose, PasswordChangeStart, SealedCredential, SealedProof, SteppedUp};
pub use reset::{ResetCompleted, ResetCompletion, ResetRequest, ResetRequested, ResetSecret, ResetValid};
pub use session::{RefreshRequest, Refreshed, Tokens};
pub use sign_up::{
    Activate, Activated, ActivationResent, Availability, Credential, ParsedCredential, ResendActivation, SignUp,
    SignUpAccepted, SignUpCheck, SignUpCheckResult,
};

#[cfg(test)]
mod tests;
