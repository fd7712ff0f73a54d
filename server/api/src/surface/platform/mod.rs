//! The dialect of seed 004, `/v1/…`.

mod audit;
mod auth;
mod identities;
mod oauth;
mod sessions;

use poem_openapi::Tags;
use tacit_domain::Domain;

use crate::http::cookies::RefreshCookie;
use crate::http::origins::Origins;

/// All operations of this surface.
pub(crate) type Api = (auth::Auth, sessions::Sessions, audit::Audit, oauth::Oauth, identities::Identities);

/// What its document says of itself.
pub(crate) const DESCRIPTION: &str = "Tokens, the caller's own account and sessions, the audit log, and the public \
    settings of this installation.\n\nEvery error has the shape of `Problem`; branch on its `code`.";

/// The operations over a live domain.
pub(crate) fn api(domain: &Domain, origins: &Origins, cookie: RefreshCookie) -> Api {
    (
        auth::Auth::new(domain, origins.clone(), cookie),
        sessions::Sessions::new(domain.sessions.clone()),
        audit::Audit::new(domain.audit.clone()),
        oauth::Oauth::new(domain.oauth.clone(), origins.clone(), cookie),
        identities::Identities::new(domain.identities.clone(), domain.oauth.clone()),
    )
}

#[derive(Tags)]
enum Tag {
    /// Tokens, the caller's account, public settings
    Authentication,
    /// The caller's own sessions
    Sessions,
    /// What happened to accounts, for administrators
    Audit,
    /// Signing in with a provider
    #[oai(rename = "Sign in with a provider")]
    Oauth,
    /// The caller's identities at providers: other ways in to the account
    Identities,
}
