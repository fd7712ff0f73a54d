//! Verifies a Tacit access token with the published keys.
//!
//!     verify_token http://localhost:8080 eyJ…

use std::io::Write as _;

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use serde::Deserialize;

#[derive(Deserialize)]
struct Claims {
    sub: String,
    sid: String,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(issuer), Some(token)) = (arguments.next(), arguments.next()) else {
        return Err("usage: verify_token ISSUER TOKEN".into());
    };

    // Fetch the keys once and keep them; fetch again when a token names a key that is not among them.
    let keys: JwkSet = reqwest::blocking::get(format!("{issuer}/.well-known/jwks.json"))?.json()?;
    let kid = decode_header(&token)?.kid.ok_or("the token names no key")?;
    let key = keys.find(&kid).ok_or("the token's key is not published")?;

    let mut rules = Validation::new(Algorithm::EdDSA);
    rules.set_issuer(&[&issuer]);
    rules.set_audience(&[&issuer]);
    let claims = decode::<Claims>(&token, &DecodingKey::from_jwk(key)?, &rules)?.claims;
    writeln!(std::io::stdout(), "user {} in session {}", claims.sub, claims.sid)?;
    Ok(())
}
