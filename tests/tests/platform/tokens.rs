//! Access tokens that somebody made up, or that were made for somebody else.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tacit_shared::encoding::{from_base64url, to_base64url};
use tacit_tests::{App, Setup, User, both_engines};

const ME: &str = "/v1/auth/me";
/// The key of RFC 8410's examples, as a stranger's own.
const STRANGERS_KEY: &str = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp-K06_nwoy_HU--CXqI9EdVhC";
const STRANGERS_X: &str = "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE";

fn parts(user: &User) -> (Value, Value) {
    let mut parts = user.access_token.split('.').map(|part| from_base64url(part).unwrap_or_default());
    let mut next = || serde_json::from_slice(&parts.next().unwrap()).unwrap();
    (next(), next())
}

fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}.", to_base64url(header.to_string().as_bytes()), to_base64url(claims.to_string().as_bytes()))
}

async fn is_refused(app: &App, token: &str, why: &str) {
    let answer = app.anonymous().bearer(token).get(ME).await;
    assert_eq!(answer.status, 401, "{why}: {}", answer.text());
    answer.expect_problem(401, "unauthenticated").done();
}

both_engines!(a_forged_token_counts_for_nothing, async |app| {
    let user = app.user("person@example.com").await;
    let (header, claims) = parts(&user);
    let kid = header["kid"].as_str().unwrap();

    for none in ["none", "None", "NONE", ""] {
        let mut header = header.clone();
        header["alg"] = json!(none);
        is_refused(app, &unsigned(&header, &claims), "an algorithm of none").await;
    }

    // The public key as the secret of a symmetric signature.
    let keys = app.anonymous().get("/.well-known/jwks.json").await.expect_status(200);
    let public = keys.string("/keys/0/x");
    for secret in [public.as_bytes().to_vec(), from_base64url(&public).unwrap()] {
        let header =
            Header { kid: Some(kid.to_owned()), typ: Some("at+jwt".to_owned()), ..Header::new(Algorithm::HS256) };
        let token = encode(&header, &claims, &EncodingKey::from_secret(&secret)).unwrap();
        is_refused(app, &token, "a signature with the public key").await;
    }

    // A stranger's key, that says where it is to be found.
    let key = EncodingKey::from_ed_der(&from_base64url(STRANGERS_KEY).unwrap());
    let plain = Header { typ: Some("at+jwt".to_owned()), ..Header::new(Algorithm::EdDSA) };
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": STRANGERS_X, "kid": "strange", "alg": "EdDSA" });
    for header in [
        Header { kid: Some(kid.to_owned()), ..plain.clone() },
        Header { kid: Some("strange".to_owned()), ..plain.clone() },
        Header { kid: Some("../../etc/passwd".to_owned()), ..plain.clone() },
        Header { kid: None, jwk: Some(serde_json::from_value(jwk).unwrap()), ..plain.clone() },
        Header { kid: Some(kid.to_owned()), jku: Some("https://evil.example/jwks.json".to_owned()), ..plain.clone() },
        Header { kid: Some(kid.to_owned()), x5u: Some("https://evil.example/a.pem".to_owned()), ..plain },
    ] {
        is_refused(app, &encode(&header, &claims, &key).unwrap(), "a stranger's signature").await;
    }

    // Another claim under the old signature.
    let signature = user.access_token.rsplit('.').next().unwrap();
    let mut admin = claims.clone();
    admin["role"] = json!("admin");
    is_refused(app, &format!("{}{signature}", unsigned(&header, &admin)), "another role").await;
    user.client.get(ME).await.expect_status(200).done();
});

both_engines!(a_token_counts_in_its_time_only, async |app| {
    let user = app.user("person@example.com").await;
    app.clock.advance(std::time::Duration::from_secs(5 * 60 + 6));
    is_refused(app, &user.access_token, "expired").await;
});

both_engines!(a_token_for_another_audience_or_of_another_issuer_is_refused, async |app| {
    let user = app.user("person@example.com").await;
    for (other, setting) in
        [("tokens.audience", "https://another.example"), ("public_url", "https://another.localhost")]
    {
        // The audience follows the public URL unless it is set.
        let setup = Setup::new().with("tokens.audience", "http://localhost:8080").with(other, setting);
        let node = app.node_with(&setup).await;
        let there = app.client_of(&node).bearer(&user.access_token);
        there.get(ME).await.expect_problem(401, "unauthenticated").done();
        node.stop().await;
    }
    let alike = app.node_with(&Setup::new()).await;
    app.client_of(&alike).bearer(&user.access_token).get(ME).await.expect_status(200).done();
    alike.stop().await;
});
