//! The dialect of seed 001, `/api/auth/…`: sign-up, login by SRP, sessions.

mod login;
mod oauth;
mod passwords;
mod resets;
mod sessions;
mod sign_up;
mod step_up;
mod users;

use poem_openapi::Tags;
use tacit_domain::Domain;

use crate::http::cookies::RefreshCookie;
use crate::http::origins::Origins;

/// All operations of this surface.
pub(crate) type Api = (
    sign_up::SignUp,
    login::Login,
    sessions::Sessions,
    passwords::Passwords,
    resets::Resets,
    step_up::StepUp,
    users::Users,
    oauth::Oauth,
);

/// What its document says of itself.
pub(crate) const DESCRIPTION: &str = "Sign-up, login and sessions without the password ever being sent: SRP-6a, profile \
    `srp6a-sha256`. Use `@tacit/client` or follow the protocol document.\n\n\
    Every error has the shape of `Problem`; branch on its `code`.";

/// The operations over a live domain.
pub(crate) fn api(domain: &Domain, origins: &Origins, cookie: RefreshCookie) -> Api {
    (
        sign_up::SignUp::new(domain.sign_ups.clone()),
        login::Login::new(domain.logins.clone(), origins.clone(), cookie),
        sessions::Sessions::new(domain.sessions.clone(), cookie),
        passwords::Passwords::new(domain.passwords.clone(), domain.identities.clone()),
        resets::Resets::new(domain.resets.clone()),
        step_up::StepUp::new(domain.step_ups.clone()),
        users::Users::new(domain, cookie),
        oauth::Oauth::new(domain.oauth.clone(), cookie.state()),
    )
}

#[derive(Tags)]
enum Tag {
    /// Making an account; the server gets a verifier, never a password
    #[oai(rename = "Sign-up")]
    SignUp,
    /// Proving a password by SRP, in two steps
    Login,
    /// The caller's own sessions
    Sessions,
    /// Changing and resetting a password; the server gets a verifier, never a password
    Password,
    /// Showing the password again before something dangerous
    #[oai(rename = "Step-up")]
    StepUp,
    /// Signing in with Microsoft
    #[oai(rename = "Sign in with Microsoft")]
    Oauth,
    /// The caller's own account: profile, address, everything stored, deletion
    Account,
}
