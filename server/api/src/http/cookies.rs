//! What browsers keep for us: the refresh token, and the state of a sign-in with a provider. Sent back to us only, unreadable
//! for scripts.

use poem::Request;
use poem::http::header;
use tacit_domain::tokens::TokenPair;
use url::Url;

/// The refresh cookie's name, without its prefix.
pub(crate) const REFRESH: &str = "tacit_refresh";
/// That of the cookie which seals the state of a sign-in.
pub(crate) const STATE: &str = "tacit_oauth";
/// What a cookie's name begins with under https.
pub(crate) const HOST_PREFIX: &str = "__Host-";

fn name(secure: bool, name: &str) -> String {
    if secure { format!("{HOST_PREFIX}{name}") } else { name.to_owned() }
}

/// How the refresh cookie is called and marked in this installation.
///
/// Under https it is `__Host-tacit_refresh`: browsers take a cookie of that prefix only from a secure origin, for this
/// very host and the whole path, so that no neighbouring subdomain can plant one. Under http, in development, browsers
/// would refuse the prefix and `Secure`.
#[derive(Clone, Copy)]
pub(crate) struct RefreshCookie {
    secure: bool,
}

impl RefreshCookie {
    /// By the scheme that users reach us with.
    #[must_use]
    pub(crate) fn new(public_url: &Url) -> Self {
        Self { secure: public_url.scheme() == "https" }
    }

    fn name(self) -> String {
        name(self.secure, REFRESH)
    }

    /// The token that a request carries, if any.
    #[must_use]
    pub(crate) fn read(self, request: &Request) -> Option<String> {
        read(request, &self.name())
    }

    /// The other cookie, marked by the same scheme.
    #[must_use]
    pub(crate) fn state(self) -> StateCookie {
        StateCookie { secure: self.secure }
    }

    /// The `Set-Cookie` value that hands a token out.
    #[must_use]
    pub(crate) fn set(self, tokens: &TokenPair) -> String {
        self.write(&tokens.refresh_token, tokens.refresh_expires_in)
    }

    /// The `Set-Cookie` value that takes the token back.
    #[must_use]
    pub(crate) fn clear(self) -> String {
        self.write("", 0)
    }

    fn write(self, value: &str, max_age: u64) -> String {
        let name = self.name();
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{name}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Strict{secure}")
    }
}

fn read(request: &Request, wanted: &str) -> Option<String> {
    let cookies = request.headers().get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value.to_owned()).filter(|value| !value.is_empty())
}

/// The sealed state of a sign-in with a provider. One a browser: a second sign-in takes the place of the first.
#[derive(Clone, Copy)]
pub(crate) struct StateCookie {
    secure: bool,
}

impl StateCookie {
    fn name(self) -> String {
        name(self.secure, STATE)
    }

    /// The state a request carries, if any.
    #[must_use]
    pub(crate) fn read(self, request: &Request) -> Option<String> {
        read(request, &self.name())
    }

    /// The `Set-Cookie` value that hands a state out. The provider's page navigates back to us, which `Lax` allows; one that
    /// posts a form needs `None`, which browsers take with `Secure` only.
    #[must_use]
    pub(crate) fn set(self, value: &str, max_age: u64, posted: bool) -> String {
        let name = self.name();
        let site = if posted { "None" } else { "Lax" };
        let secure = if self.secure || posted { "; Secure" } else { "" };
        format!("{name}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite={site}{secure}")
    }

    /// The `Set-Cookie` value that takes the state back.
    #[must_use]
    pub(crate) fn clear(self) -> String {
        self.set("", 0, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn under(url: &str) -> RefreshCookie {
        RefreshCookie::new(&Url::parse(url).unwrap())
    }

    fn request(cookies: &str) -> Request {
        Request::builder().header(header::COOKIE, cookies).finish()
    }

    #[test]
    fn https_gets_the_host_prefix_and_secure() {
        assert_eq!(
            under("https://auth.example.com").write("rt_a", 60),
            "__Host-tacit_refresh=rt_a; Path=/; Max-Age=60; HttpOnly; SameSite=Strict; Secure",
        );
    }

    #[test]
    fn http_gets_neither() {
        assert_eq!(
            under("http://localhost:8080").clear(),
            "tacit_refresh=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict",
        );
    }

    #[test]
    fn the_state_comes_back_by_navigation_or_where_it_must_by_a_posted_form() {
        let state = under("https://auth.example.com").state();
        assert_eq!(
            state.set("x", 600, false),
            "__Host-tacit_oauth=x; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure",
        );
        assert_eq!(
            state.set("x", 600, true),
            "__Host-tacit_oauth=x; Path=/; Max-Age=600; HttpOnly; SameSite=None; Secure",
        );
        let state = under("http://localhost:8080").state();
        assert_eq!(state.clear(), "tacit_oauth=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
        assert_eq!(state.read(&request("tacit_refresh=a; tacit_oauth=b")), Some("b".to_owned()));
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let cookie = under("http://localhost:8080");
        assert_eq!(cookie.read(&request("a=1; tacit_refresh=rt_a; b=2")), Some("rt_a".to_owned()));
        assert_eq!(cookie.read(&request("a=1; xtacit_refresh=rt_a")), None);
        assert_eq!(cookie.read(&request("tacit_refresh=")), None);
    }

    #[test]
    fn under_https_the_unprefixed_cookie_counts_for_nothing() {
        assert_eq!(under("https://auth.example.com").read(&request("tacit_refresh=rt_a")), None);
    }
}
