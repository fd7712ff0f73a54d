//! `docs/protocol.md` says what the code does: tables, primes and the worked example are compared with it.

use serde_json::Value;
use tacit_shared::{FieldCode, codes::Code, preset, srp::Group};

const PAGE: &str = include_str!("../../docs/protocol.md");

fn tables() -> impl Iterator<Item = Vec<&'static str>> {
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix('|')?.strip_suffix('|'));
    rows.map(|row| row.split('|').map(str::trim).collect())
}

/// Whether these cells stand side by side in some row.
fn is_row(cells: &[String]) -> bool {
    tables().any(|row| row.windows(cells.len()).any(|side_by_side| side_by_side == cells))
}

#[test]
fn every_code_is_listed_with_its_status() {
    for code in Code::ALL {
        let (status, name) = (code.class().status().to_string(), format!("`{}`", code.as_str()));
        let listed = is_row(&[status.clone(), name.clone()]) || is_row(&[format!("{status} †"), name]);
        assert!(listed, "{} {status}", code.as_str());
    }
    for code in FieldCode::ALL {
        assert!(PAGE.contains(&format!("`{}`", code.as_str())), "{}", code.as_str());
    }
}

#[test]
fn no_status_is_listed_with_a_code_that_is_not_its_own() {
    for row in tables() {
        for pair in row.windows(2) {
            let Ok(status) = pair[0].trim_end_matches(" †").parse::<u16>() else { continue };
            let Some(name) = pair[1].strip_prefix('`').and_then(|rest| rest.strip_suffix('`')) else { continue };
            if (400..600).contains(&status) {
                let known = Code::ALL.iter().any(|code| code.as_str() == name && code.class().status() == status);
                assert!(known, "{status} {name}");
            }
        }
    }
}

#[test]
fn the_presets_are_listed() {
    for line in preset::ALL {
        let row = tables().find(|row| row.get(4) == Some(&format!("`{}`", line.kdf_text()).as_str())).expect("a row");
        let number =
            if line == preset::DEFAULT { format!("{} (default)", line.number) } else { line.number.to_string() };
        assert_eq!(row[..2], [number.as_str(), &format!("`{}`", line.group.id())]);
        assert_eq!(row[3..], [line.passes.to_string(), format!("`{}`", line.kdf_text()), line.rank.to_string()]);
    }
    for group in Group::ALL {
        assert!(is_row(&[format!("`{}`", group.id()), group.len().to_string(), group.generator().to_string()]));
    }
}

#[test]
fn the_primes_and_the_worked_example_are_those_of_the_vectors() {
    let page: String = PAGE.split_whitespace().collect();
    for group in Group::ALL {
        assert!(page.contains(&tacit_shared::encoding::to_hex(group.modulus())), "{group:?}");
    }
    let file: Value = serde_json::from_str(include_str!("../vectors/srp6a-sha256-2048.json")).expect("json");
    let (credential, first) = (&file["credential"], &file["handshakes"][0]);
    for name in ["identity", "salt", "login_info", "master", "P", "W", "k", "x", "v"] {
        assert!(page.contains(credential[name].as_str().expect("hex")), "{name}");
    }
    for name in ["a", "b", "A", "B", "u", "S"] {
        assert!(page.contains(first[name].as_str().expect("hex")), "{name}");
    }
    for name in ["K", "M1", "M2"] {
        assert!(page.contains(first["forms"][0][name].as_str().expect("hex")), "{name}");
    }
    for name in ["key", "message", "confirm", "user_id", "session_id", "access_token", "refresh_token"] {
        assert!(page.contains(first["confirm"][name].as_str().expect("text")), "{name}");
    }
    let typed: Vec<String> =
        credential["typed"].as_str().expect("text").chars().map(|c| format!("U+{:04X}", u32::from(c))).collect();
    assert!(page.contains(&typed.concat()));
}
