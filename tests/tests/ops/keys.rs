//! `/.well-known/jwks.json`: access tokens can be verified by anybody.

use std::time::Duration;

use jsonwebtoken::{DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use serde_json::Value;
use tacit_tests::{App, Engine, Setup, both_engines};

async fn keys(app: &App) -> JwkSet {
    let answer = app.anonymous().get("/.well-known/jwks.json").await.expect_status(200);
    for key in answer.member("/keys").as_array().unwrap() {
        assert!(key.get("d").is_none(), "a private key is published");
    }
    serde_json::from_slice(&answer.body).unwrap()
}

/// What another service does with a token: nothing but the published keys.
async fn verify(app: &App, token: &str) -> Value {
    let header = decode_header(token).unwrap();
    let keys = keys(app).await;
    let key = keys.find(header.kid.as_deref().unwrap()).expect("the key is published");
    let mut validation = Validation::new(header.alg);
    validation.set_issuer(&["http://localhost:8080"]);
    validation.validate_aud = false;
    decode::<Value>(token, &DecodingKey::from_jwk(key).unwrap(), &validation).unwrap().claims
}

both_engines!(an_access_token_verifies_with_the_published_keys, async |app| {
    let user = app.user("person@example.com").await;
    let claims = verify(app, &user.access_token).await;
    assert_eq!(claims["sub"], user.id.as_str());
    assert_eq!(claims["sid"], user.session_id.as_str());
    for claim in ["iss", "aud", "exp", "iat", "jti", "amr", "auth_time"] {
        assert!(claims.get(claim).is_some(), "{claim} is not in {claims}");
    }
    assert!(!claims.to_string().contains("person@example.com"), "a token carries no address");
    let header = decode_header(&user.access_token).unwrap();
    assert_eq!(header.alg, jsonwebtoken::Algorithm::EdDSA);
    assert!(header.typ.is_some());
});

both_engines!(es256_is_to_be_had, Setup::new().with("tokens.algorithm", "ES256"), async |app| {
    let user = app.user("person@example.com").await;
    assert_eq!(decode_header(&user.access_token).unwrap().alg, jsonwebtoken::Algorithm::ES256);
    verify(app, &user.access_token).await;
    user.client.get("/v1/auth/me").await.expect_status(200).done();
});

both_engines!(rotation_keeps_old_tokens_valid_and_signs_with_a_new_key, async |app| {
    let person = app.registered("person@example.com").await;
    let before = person.log_in().await;
    app.command(&["keys", "rotate"]).await;
    app.stop().await;
    app.start_again().await;
    app.clock.advance(Duration::from_mins(1));
    let after = person.log_in().await;
    let kid = |token: &str| decode_header(token).unwrap().kid.unwrap();
    assert_ne!(kid(&before.access_token), kid(&after.access_token));
    for token in [&before.access_token, &after.access_token] {
        verify(app, token).await;
        app.anonymous().bearer(token).get("/v1/auth/me").await.expect_status(200).done();
    }
});

#[tokio::test]
async fn a_key_signs_only_when_every_node_knows_it() {
    tacit_tests::run(Engine::Postgres, Setup::new(), async |app: &App| {
        let person = app.registered("person@example.com").await;
        let node = app.node().await;
        let there = app.client_of(&node);
        // That node has just read the keys, and will not look again for some seconds.
        there.get("/.well-known/jwks.json").await.expect_status(200).done();
        app.command(&["keys", "rotate"]).await;
        let printed = app.command(&["keys", "rotate"]).await;
        app.stop().await;
        app.start_again().await;
        let token = person.log_in().await.access_token;
        there.bearer(&token).get("/v1/auth/me").await.expect_status(200).done();

        app.clock.advance(Duration::from_mins(1));
        let token = person.log_in().await.access_token;
        assert!(printed.contains(&decode_header(&token).unwrap().kid.unwrap()), "the new key signs in the end");
        there.bearer(&token).get("/v1/auth/me").await.expect_status(200).done();
        node.stop().await;
    })
    .await;
}
