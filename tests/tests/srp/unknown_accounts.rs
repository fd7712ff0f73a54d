//! Nothing tells an address with an account from one without.

use std::time::{Duration, Instant};

use serde_json::json;
use tacit_tests::{Answer, Setup, both_engines};

const EMAIL: &str = "/api/auth/srp/login/email";

/// Everything of an answer but its random content: keys, kinds and lengths of members, names of headers.
fn shape(answer: &Answer) -> (u16, Vec<String>, Vec<String>) {
    let body = answer.json();
    let members = body.as_object().unwrap().iter();
    let members = members.map(|(name, value)| match value.as_str() {
        Some(text) => format!("{name}: {} characters", text.len()),
        None => format!("{name}: {value}"),
    });
    let mut headers: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
    headers.sort();
    (answer.status, members.collect(), headers)
}

both_engines!(the_first_step_looks_alike_for_known_pending_and_unknown_addresses, async |app| {
    let known = app.registered_like_clients("known@example.com").await;
    let pending = app.signed_up_like_clients("pending@example.com").await;
    let expected = shape(&known.try_begin_login().await);
    assert_eq!(expected.0, 200);
    assert_eq!(shape(&pending.try_begin_login().await), expected);
    for number in 0..8 {
        let stranger = app.stranger(&format!("nobody{number}@example.com"));
        assert_eq!(shape(&stranger.try_begin_login().await), expected);
    }
});

both_engines!(an_unknown_address_keeps_its_identity_and_salt, async |app| {
    let stranger = app.stranger("nobody@example.com");
    let first = stranger.begin_login().await;
    app.clock.advance(Duration::from_hours(40 * 24));
    let second = stranger.begin_login().await;
    assert_eq!((first.identity.as_str(), first.salt.to_hex()), (second.identity.as_str(), second.salt.to_hex()));
    assert_eq!(first.preset, second.preset);
    assert_ne!(first.server_public, second.server_public);
    assert_ne!(first.sealed, second.sealed);
    app.stop().await;
    app.start_again().await;
    assert_eq!(stranger.begin_login().await.identity.as_str(), first.identity.as_str());
    let other = app.stranger("nobody.else@example.com").begin_login().await;
    assert_ne!(other.identity.as_str(), first.identity.as_str());
});

both_engines!(the_second_step_fails_alike, async |app| {
    let known = app.registered("known@example.com").await.mistyping("not the password");
    let stranger = app.stranger("nobody@example.com");
    let handshake = known.begin_login().await;
    let expected = known.prove(&handshake).await.expect_problem(401, "proof_rejected");
    let handshake = stranger.begin_login().await;
    let answer = stranger.prove(&handshake).await.expect_problem(401, "proof_rejected");
    assert_eq!(answer.json(), expected.json());
    assert_eq!(shape(&answer), shape(&expected));
});

both_engines!(
    unknown_addresses_are_limited_like_known_ones,
    Setup::new().with("limits.proof_attempts", "2"),
    async |app| {
        let stranger = app.stranger("nobody@example.com");
        for _ in 0..2 {
            let handshake = stranger.begin_login().await;
            stranger.prove(&handshake).await.expect_problem(401, "proof_rejected").done();
        }
        let handshake = stranger.begin_login().await;
        stranger.prove(&handshake).await.expect_problem(429, "too_many_attempts").done();
    }
);

both_engines!(failed_proofs_come_back_on_a_grid_of_25_milliseconds, async |app| {
    let stranger = app.stranger("nobody@example.com");
    let handshake = stranger.begin_login().await;
    let body = stranger.proof_body(&handshake);
    let begun = Instant::now();
    let answer = app.anonymous().post("/api/auth/srp/login/proof", body).await;
    answer.expect_problem(401, "proof_rejected").done();
    assert!(begun.elapsed() >= Duration::from_millis(25), "a rejection waits for the grid: {:?}", begun.elapsed());
});

both_engines!(a_revealing_server_tells_at_once, Setup::revealing(), async |app| {
    app.signed_up("pending@example.com").await;
    let unknown = app.anonymous().post(EMAIL, json!({ "auth_id": "nobody@example.com" })).await;
    unknown.expect_problem(401, "account_unknown").done();
    let pending = app.anonymous().post(EMAIL, json!({ "auth_id": "pending@example.com" })).await;
    pending.expect_problem(403, "account_not_activated").done();
});
