use serde_json::json;

use super::*;

const NOW: i64 = 1_800_000_000;

fn good() -> Value {
    json!({"aud": "us", "exp": NOW + 300, "iat": NOW, "nonce": "n"})
}

fn looked_at(claims: &Value, expected: &Expected<'_>) -> Result<(), &'static str> {
    check(&Claims(claims.as_object().unwrap().clone()), expected, Timestamp::from_millis(NOW * 1000))
}

fn expected() -> Expected<'static> {
    Expected { client_id: "us", nonce: Some("n"), not_before: None }
}

#[test]
fn clocks_may_differ_by_a_minute_and_no_more() {
    for (name, last_good, first_bad) in
        [("exp", NOW - 59, NOW - 60), ("nbf", NOW + 60, NOW + 61), ("iat", NOW + 60, NOW + 61)]
    {
        let mut claims = good();
        claims[name] = json!(last_good);
        assert_eq!(looked_at(&claims, &expected()), Ok(()), "{name}");
        claims[name] = json!(first_bad);
        assert!(looked_at(&claims, &expected()).is_err(), "{name}");
    }
}

#[test]
fn numbers_that_are_none_are_no_times() {
    for value in [json!("1900000000"), json!(null), json!({}), json!(f64::MAX)] {
        let mut claims = good();
        claims["exp"] = value.clone();
        assert!(looked_at(&claims, &expected()).is_err(), "{value}");
    }
    let mut claims = good();
    claims["exp"] = json!(1_800_000_300.5);
    assert_eq!(looked_at(&claims, &expected()), Ok(()), "a fraction is allowed (RFC 7519 §2)");
}

#[test]
fn one_audience_is_ours_or_several_with_us_as_their_party() {
    let with = |audience: Value, party: Option<&str>| {
        let mut claims = good();
        claims["aud"] = audience;
        if let Some(party) = party {
            claims["azp"] = json!(party);
        }
        looked_at(&claims, &expected())
    };
    assert_eq!(with(json!(["us"]), None), Ok(()));
    assert_eq!(with(json!(["us", "them"]), Some("us")), Ok(()));
    assert!(with(json!(["us", "them"]), None).is_err());
    assert!(with(json!("us"), Some("them")).is_err());
    assert!(with(json!(["them"]), Some("us")).is_err());
    assert!(with(json!([]), None).is_err());
    assert!(with(json!({"us": true}), None).is_err());
}

#[test]
fn a_nonce_is_needed_exactly_where_one_was_sent() {
    let without = Expected { nonce: None, ..expected() };
    assert!(looked_at(&good(), &without).is_err());
    let mut claims = good();
    claims.as_object_mut().unwrap().remove("nonce");
    assert_eq!(looked_at(&claims, &without), Ok(()));
    assert!(looked_at(&claims, &expected()).is_err());
}

#[test]
fn a_fresh_proof_was_given_after_it_was_asked_for() {
    let asked = Expected { not_before: Some(Timestamp::from_millis(NOW * 1000)), ..expected() };
    assert!(looked_at(&good(), &asked).is_err(), "it does not say");
    for (at, is_fresh) in [(NOW, true), (NOW - 60, true), (NOW - 61, false), (NOW + 61, false)] {
        let mut claims = good();
        claims["auth_time"] = json!(at);
        assert_eq!(looked_at(&claims, &asked).is_ok(), is_fresh, "{at}");
    }
}
