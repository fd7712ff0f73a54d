//! Every kernel against the published vectors, and against the others.

#![expect(clippy::many_single_char_names, reason = "the names of RFC 5054")]

use serde_json::Value;
use tacit_shared::encoding::parse_hex_integer;
use tacit_shared::srp::engine::{ClientSecret, Scalar};

use super::*;

/// The kernels this machine can run, each with its engines.
fn all() -> Vec<(Choice, Engines)> {
    let available = Choice::ALL.into_iter().filter(|choice| choice.is_available());
    available.map(|choice| (choice, choice.engines().unwrap())).collect()
}

fn vectors(group: Group) -> Value {
    let text = match group {
        Group::G2048 => include_str!("../../../../shared/vectors/srp6a-sha256-2048.json"),
        Group::G3072 => include_str!("../../../../shared/vectors/srp6a-sha256-3072.json"),
        Group::G4096 => include_str!("../../../../shared/vectors/srp6a-sha256-4096.json"),
    };
    serde_json::from_str(text).unwrap()
}

fn number(group: Group, of: &Value, name: &str) -> Vec<u8> {
    parse_hex_integer(of[name].as_str().unwrap(), group.len()).unwrap()
}

fn scalar(of: &Value, name: &str) -> Scalar {
    parse_hex_integer(of[name].as_str().unwrap(), 32).unwrap().try_into().unwrap()
}

#[test]
fn every_kernel_gives_the_published_values() {
    for (choice, engines) in all() {
        for group in Group::ALL {
            let (file, engine) = (vectors(group), engines.of(group));
            assert_eq!((engine.name(), engine.modulus()), (choice.name(), group.modulus()));
            let credential = &file["credential"];
            let (k, x, v) = (scalar(credential, "k"), scalar(credential, "x"), number(group, credential, "v"));
            assert_eq!(*engine.power(&x), v, "{choice}: v");
            let comb = engine.comb(&v);
            for of in file["handshakes"].as_array().unwrap() {
                let told = format!("{choice}, {} bits, {}", group.bits(), of["name"]);
                let (a, b, u) = (scalar(of, "a"), scalar(of, "b"), scalar(of, "u"));
                let (a_public, b_public) = (number(group, of, "A"), number(group, of, "B"));
                let secret = number(group, of, "S");
                assert_eq!(*engine.power(&a), a_public, "A, {told}");
                assert_eq!(*engine.server_public(&k, &v, &engine.power(&b)), b_public, "B, {told}");
                assert_eq!(*engine.server_secret(&a_public, &v, None, &u, &b), secret, "server's S, {told}");
                assert_eq!(*engine.server_secret(&a_public, &v, Some(&comb), &u, &b), secret, "by the comb, {told}");
                let inputs = ClientSecret { k: &k, x: &x, a: &a, u: &u };
                assert_eq!(*engine.client_secret(&b_public, &inputs), secret, "client's S, {told}");
            }
        }
    }
}

#[test]
fn all_kernels_agree_on_values_no_login_has() {
    let engines = all();
    for group in Group::ALL {
        let below = |less: u8| {
            let mut number = group.modulus().to_vec();
            *number.last_mut().unwrap() -= less;
            number
        };
        // A and v of 1, N − 1, N − 2, and far beyond N.
        let mut one = vec![0; group.len()];
        one[group.len() - 1] = 1;
        let extremes = [one, below(1), below(2), vec![0xff; group.len()]];
        for a_public in &extremes {
            for v in &extremes {
                let (u, b) = ([0xc3; 32], [0xff; 32]);
                let mut secrets = engines.iter().map(|(choice, engines)| {
                    let engine = engines.of(group);
                    let plain = engine.server_secret(a_public, v, None, &u, &b);
                    assert_eq!(plain, engine.server_secret(a_public, v, Some(&engine.comb(v)), &u, &b), "{choice}");
                    plain
                });
                let first = secrets.next().unwrap();
                assert!(secrets.all(|other| other == first), "{} bits", group.bits());
            }
        }
    }
}

#[test]
fn the_first_that_the_machine_can_run_is_the_fastest() {
    assert!(Choice::fastest().is_available());
    for choice in Choice::ALL {
        assert_eq!(choice.name().parse(), Ok(choice));
        assert_eq!(choice.engines().is_ok(), choice.is_available());
        let before = Choice::ALL.iter().position(|other| *other == choice);
        let fastest = Choice::ALL.iter().position(|other| *other == Choice::fastest());
        assert!(before >= fastest || !choice.is_available());
    }
    assert_eq!("fast".parse::<Choice>(), Err(Unknown));
    assert!(Choice::CryptoBigint.is_available(), "it runs everywhere");
}

#[test]
fn a_kernel_stays_once_it_computes() {
    assert_eq!(install(Choice::CryptoBigint), Ok(()));
    assert_eq!(install(Choice::CryptoBigint), Ok(()), "a second server of the process finds what it wants");
    for other in Choice::ALL.into_iter().filter(|other| *other != Choice::CryptoBigint && other.is_available()) {
        assert_eq!(install(other), Err(InstallError::InUse(InUse)));
    }
    assert_eq!(engine::of(Group::G3072).name(), Choice::CryptoBigint.name());
}
