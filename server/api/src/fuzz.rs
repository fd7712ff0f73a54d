//! What `tests/fuzz` reaches of this crate's private parsers, and what must hold there for any input.

use std::net::IpAddr;

use poem::Request;
use poem::http::{HeaderMap, HeaderValue, header};
use serde_json::Value;
use tacit_shared::FieldError;
use tacit_shared::messages::{
    AccountUpdate, Activate, Credential, EmailChangeSecret, LoginProof, LoginStart, PasswordChangeStart,
    RefreshRequest, ResendActivation, ResetCompletion, ResetRequest, ResetSecret, SealedProof, SignUp, SignUpCheck,
};
use url::Url;

use crate::http::body::both;
use crate::http::client_ip::{Cidr, client_ip};
use crate::http::cookies::RefreshCookie;
use crate::http::origins::{CLIENT_HEADER, Origins};

/// Whether the parser takes a body as the message of this number, and which fields are listed as wrong.
#[must_use]
pub fn body(kind: u8, value: &Value) -> (bool, Vec<FieldError>) {
    match kind % 15 {
        0 => both::<SignUpCheck>(value),
        1 => both::<SignUp>(value),
        2 => both::<ResendActivation>(value),
        3 => both::<Activate>(value),
        4 => both::<LoginStart>(value),
        5 => both::<LoginProof>(value),
        6 => both::<RefreshRequest>(value),
        7 => both::<Credential>(value),
        8 => both::<ResetRequest>(value),
        9 => both::<ResetSecret>(value),
        10 => both::<ResetCompletion>(value),
        11 => both::<PasswordChangeStart>(value),
        12 => both::<SealedProof>(value),
        13 => both::<AccountUpdate>(value),
        _ => both::<EmailChangeSecret>(value),
    }
}

/// A `Cookie` header: what is read is one of its pairs, and ours is found whatever stands around it.
pub fn cookies(bytes: &[u8]) {
    let Ok(cookies) = HeaderValue::from_bytes(bytes) else { return };
    for url in ["http://localhost", "https://auth.example.com"] {
        let cookie = RefreshCookie::new(&Url::parse(url).expect("a URL"));
        let read = |value: HeaderValue| cookie.read(&Request::builder().header(header::COOKIE, value).finish());
        let found = read(cookies.clone());
        if let Some(token) = &found {
            assert!(!token.is_empty() && !token.contains(';'));
            assert!(cookies.to_str().is_ok_and(|cookies| cookies.contains(&format!("={token}"))));
        }
        let set = cookie.clear();
        let (name, _) = set.split_once('=').expect("a pair");
        let first = [name.as_bytes(), b"=rt_ours; ", bytes].concat();
        let first = read(HeaderValue::from_bytes(&first).expect("a header"));
        assert!(first.as_deref() == Some("rt_ours") || cookies.to_str().is_err());
    }
}

/// An `X-Forwarded-For` header, and a network, a line each.
pub fn forwarded(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (network, chain) = text.split_once('\n').unwrap_or(("10.0.0.0/8", text));
    let stranger: IpAddr = IpAddr::from([203, 0, 113, 9]);
    let proxy: IpAddr = IpAddr::from([10, 0, 0, 1]);
    let Ok(trusted) = network.parse::<Cidr>() else { return };
    for peer in [stranger, proxy] {
        let client = client_ip(peer, chain.lines(), &[trusted]);
        assert_eq!(client, client.to_canonical());
        if !trusted.contains(peer) {
            assert_eq!(client, peer, "a peer that is no proxy was believed");
        }
        assert_eq!(client_ip(peer, chain.lines(), &[]), peer);
        // The proxy appends what it sees: everything before it is the client's own word.
        let appended = format!("{chain}, 198.51.100.7");
        let seen = client_ip(peer, std::iter::once(appended.as_str()), &[trusted]);
        let last: IpAddr = IpAddr::from([198, 51, 100, 7]);
        if trusted.contains(peer) && !trusted.contains(last) {
            assert_eq!(seen, last, "an invented hop was believed");
        }
    }
}

/// An `Origin` header: our own and the configured one pass, and only as browsers write them.
pub fn origin(bytes: &[u8]) {
    let Ok(origin) = HeaderValue::from_bytes(bytes) else { return };
    let own = Url::parse("https://auth.example.com").expect("a URL");
    let origins = Origins::new(&own, &["https://app.example.com".to_owned()]);
    let mut headers = HeaderMap::new();
    headers.insert(header::ORIGIN, origin.clone());
    assert!(origins.require_own_client(&headers).is_err(), "without the client's header");
    headers.insert(CLIENT_HEADER, HeaderValue::from_static("1"));
    let passes = origins.require_own_client(&headers).is_ok();
    assert_eq!(passes, origin == "https://auth.example.com" || origin == "https://app.example.com");
}
