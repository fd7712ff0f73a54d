//! Web origins and database addresses

use std::net::IpAddr;
use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};
use url::{Host, Url};

use super::setting::Setting;

/// Scheme, host and port of a web address, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    secure: bool,
    host: Host<String>,
    /// Absent when it is the scheme's own.
    port: Option<u16>,
}

impl Origin {
    /// `http://localhost:8080`.
    #[must_use]
    pub fn local() -> Self {
        Self { secure: false, host: Host::Domain("localhost".to_owned()), port: Some(8080) }
    }

    /// As a URL whose path is `/`.
    ///
    /// # Errors
    /// None in practice: an origin is made from a URL.
    pub fn to_url(&self) -> Result<Url, url::ParseError> {
        Url::parse(&self.show())
    }

    /// The host without brackets: `example.com`, `127.0.0.1`, `::1`.
    #[must_use]
    pub fn host(&self) -> String {
        match &self.host {
            Host::Domain(name) => name.clone(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        }
    }

    /// Whether it is `https`.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Whether it is this machine seen from itself.
    #[must_use]
    pub fn is_local(&self) -> bool {
        is_local_host(&self.host())
    }
}

/// Whether `host` is this machine seen from itself.
pub(crate) fn is_local_host(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host.parse::<IpAddr>().map_or_else(|_| is_local_name(host), |address| address.is_loopback())
}

fn is_local_name(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

impl Setting for Origin {
    fn parse(text: &str) -> Result<Self, String> {
        let expected = || "expected scheme, host and port only, such as https://login.example.com".to_owned();
        let url = Url::parse(text).map_err(|_| expected())?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let anonymous = url.username().is_empty() && url.password().is_none();
        if !matches!(url.scheme(), "http" | "https") || !bare || !anonymous {
            return Err(expected());
        }
        let host = url.host().ok_or_else(expected)?.to_owned();
        Ok(Self { secure: url.scheme() == "https", host, port: url.port() })
    }

    fn show(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("{scheme}://{}{port}", self.host)
    }
}

/// Where the database is; may hold a password.
#[derive(Debug, Clone)]
pub struct DatabaseUrl(SecretString);

impl DatabaseUrl {
    /// `tacit.db` in the working folder.
    #[must_use]
    pub fn local() -> Self {
        Self(SecretString::from("sqlite:tacit.db"))
    }

    /// The address, with the password in it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The file, if this is SQLite: the one that is opened.
    #[must_use]
    pub fn sqlite_file(&self) -> Option<PathBuf> {
        tacit_store::sqlite_file(self.expose())
    }
}

impl Setting for DatabaseUrl {
    fn parse(text: &str) -> Result<Self, String> {
        let this = Self(SecretString::from(text));
        let postgres = ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
        let named = this.sqlite_file().is_some_and(|file| !file.as_os_str().is_empty()) && !text.contains(":memory:");
        if named || (postgres && Url::parse(text).is_ok()) {
            Ok(this)
        } else {
            Err("expected sqlite:<file> or postgres://<user>:<password>@<host>/<database>".to_owned())
        }
    }

    fn show(&self) -> String {
        if self.sqlite_file().is_some() {
            return self.expose().to_owned();
        }
        // Some drivers also take the password as a parameter, so parameters are not shown at all.
        let Ok(mut url) = Url::parse(self.expose()) else { return "set".to_owned() };
        if url.password().is_some() && url.set_password(Some("***")).is_err() {
            return "set".to_owned();
        }
        url.set_query(None);
        url.to_string()
    }
}

#[cfg(test)]
mod tests;
