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

fn kid_of(token: &str) -> String {
    decode_header(token).unwrap().kid.unwrap()
}

async fn published(app: &App) -> Vec<String> {
    keys(app).await.keys.into_iter().map(|key| key.common.key_id.unwrap()).collect()
}

/// Longer than a node may not notice what became of the keys.
const NOTICED: Duration = Duration::from_secs(10);

both_engines!(a_withdrawn_key_is_worth_nothing_and_its_sessions_go_on, async |app| {
    let user = app.user("person@example.com").await;
    app.clock.advance(Duration::from_mins(1));
    let stolen = kid_of(&user.access_token);
    user.client.get("/v1/auth/me").await.expect_status(200).done();
    let said = app.command(&["keys", "withdraw", &stolen]).await;
    assert!(said.contains(&stolen), "{said}");
    app.clock.advance(NOTICED);

    user.client.get("/v1/auth/me").await.expect_problem(401, "unauthenticated").done();
    let left = published(app).await;
    assert!(!left.contains(&stolen), "{left:?}");
    assert_eq!(left.len(), 2, "one that signs, and the one after it");
    let refresh = serde_json::json!({ "refresh_token": user.refresh_token() });
    let renewed = app.anonymous().post("/v1/auth/refresh", refresh).await.expect_status(200);
    let token = renewed.string("/tokens/access_token");
    assert_ne!(kid_of(&token), stolen);
    verify(app, &token).await;
    app.anonymous().bearer(&token).get("/v1/auth/me").await.expect_status(200).done();
    let recorded = "SELECT COUNT(*) FROM audit_events WHERE event_type = 'signing_key.withdraw'";
    assert_eq!(app.database.number(recorded).await, 1);
    app.command(&["audit", "verify"]).await;
});

both_engines!(a_key_is_withdrawn_in_whatever_state_it_is, async |app| {
    app.command(&["keys", "rotate"]).await;
    let listed = app.command(&["keys", "list"]).await;
    let of = |state: &str| {
        let line = listed.lines().find(|line| line.contains(state)).unwrap_or_else(|| panic!("{state}: {listed}"));
        line.split_whitespace().next().unwrap().to_owned()
    };
    let (signing, retired, next) = (of("signing"), of("retired"), of("published"));
    assert_eq!(listed.lines().count(), 3);
    app.command(&["keys", "withdraw", &retired]).await;
    app.command(&["keys", "withdraw", &next]).await;
    app.clock.advance(NOTICED);
    let left = published(app).await;
    assert_eq!(left.len(), 2);
    assert!(left.contains(&signing) && !left.contains(&retired) && !left.contains(&next), "{left:?}");

    app.command(&["keys", "withdraw", "--all"]).await;
    app.clock.advance(NOTICED);
    let fresh = published(app).await;
    assert_eq!(fresh.len(), 2);
    assert!(left.iter().all(|kid| !fresh.contains(kid)), "{left:?}, {fresh:?}");
    let user = app.user("person@example.com").await;
    verify(app, &user.access_token).await;
    user.client.get("/v1/auth/me").await.expect_status(200).done();
});

both_engines!(a_key_that_is_not_there_cannot_be_withdrawn, async |app| {
    let before = published(app).await;
    let output = app.try_command(&["keys", "withdraw", "no-such-key"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no signing key"), "{output:?}");
    let neither = app.try_command(&["keys", "withdraw"]).await;
    assert_eq!(neither.status.code(), Some(2));
    assert_eq!(published(app).await, before);
});
