//! The table held against the document, and every answer against what the document says of it.

use serde_json::Value;
use tacit_tests::Answer;

use super::ROWS;

/// Fails unless the answer has this status and the document says so: the status, its media type, its codes, its headers.
pub(super) fn conforms(answer: &Answer, operation: &str, status: u16) {
    assert_eq!(answer.status, status, "{}: {}", answer.request, answer.text());
    let document = document();
    let responses = &operation_in(&document, operation)["responses"];
    let documented = resolve(&document, &responses[status.to_string()]);
    assert!(documented.is_object(), "{operation}: {status} is not documented");
    for (name, _) in documented["headers"].as_object().into_iter().flatten() {
        // Counts by address are nobody's to read.
        let unmetered = name.starts_with("X-RateLimit-") && answer.text().contains("too_many_attempts");
        let conditional = unmetered || matches!(name.as_str(), "WWW-Authenticate" | "Set-Cookie");
        assert!(conditional || answer.headers.contains_key(name), "{operation}: {status} has no {name}");
    }
    let Some(content) = documented["content"].as_object() else {
        assert!(answer.body.is_empty(), "{operation}: a body nobody documented: {}", answer.text());
        return;
    };
    let media_type = answer.header("content-type");
    let media_type = media_type.split(';').next().unwrap();
    let media = content.get(media_type).unwrap_or_else(|| panic!("{operation}: {media_type} is not documented"));
    if status >= 400 && media_type != "text/html" {
        let codes = &media["schema"]["allOf"][1]["properties"]["code"]["enum"];
        let code = answer.member("/code");
        assert!(codes.as_array().unwrap().contains(&code), "{operation}: {code} is not among {codes}");
        answer.clone().expect_problem(status, code.as_str().unwrap()).done();
    }
}

fn document() -> Value {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi/tacit.json");
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// What a `$ref` stands for.
fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let reference = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    reference.map_or(value, |pointer| document.pointer(pointer).expect("references lead somewhere"))
}

fn operation_in<'a>(document: &'a Value, id: &str) -> &'a Value {
    let paths = document["paths"].as_object().unwrap();
    let mut operations = paths.values().flat_map(|item| item.as_object().unwrap().values());
    operations.find(|operation| operation["operationId"] == id).unwrap_or_else(|| panic!("{id} is not documented"))
}

/// Paths of which every operation has its rows.
const COVERED: [&str; 2] = ["/api/auth/", "/v1/audit/"];

#[test]
fn every_documented_status_has_a_row() {
    let document = document();
    let mut missing = Vec::new();
    let paths = document["paths"].as_object().unwrap().iter();
    for (_, item) in paths.filter(|(path, _)| COVERED.iter().any(|covered| path.starts_with(covered))) {
        for operation in item.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            for status in operation["responses"].as_object().unwrap().keys() {
                if !ROWS.iter().copied().flatten().any(|row| row.operation == id && row.status.to_string() == *status) {
                    missing.push(format!("{id} {status}"));
                }
            }
        }
    }
    assert!(missing.is_empty(), "no row provokes {missing:?}");
}

/// What the description this surface was built from documents.
const REQUIRED: &[(&str, &[u16])] = &[
    ("check_sign_up", &[200, 400, 409, 500]),
    ("sign_up", &[201, 400, 409, 500]),
    ("resend_activation", &[200, 400, 404, 409, 429, 500]),
    ("activate", &[200, 400, 401, 404, 500]),
    ("begin_login", &[200, 400, 401, 403, 500]),
    ("prove_login", &[200, 400, 401, 500]),
    ("begin_password_change", &[200, 401, 500]),
    ("confirm_password_change", &[204, 400, 401, 500]),
    ("request_password_reset", &[200, 400, 429, 500]),
    ("validate_password_reset", &[200, 400, 401]),
    ("complete_password_reset", &[200, 400]),
    ("update_account", &[205, 400, 401, 500]),
    ("delete_account", &[204, 401, 500]),
    ("list_sessions_srp", &[200, 401, 500]),
    ("verify_session", &[204, 401]),
    ("logout", &[200, 401, 500]),
    ("logout_all", &[200, 401, 500]),
    ("begin_microsoft_login", &[307]),
    ("finish_microsoft_login", &[200, 400, 401, 500]),
    ("exchange_microsoft_code", &[201, 400, 500]),
    ("list_audit_logs", &[200, 401, 403]),
];

#[test]
fn every_required_status_is_documented_and_has_a_row() {
    let document = document();
    for (id, statuses) in REQUIRED {
        let responses = &operation_in(&document, id)["responses"];
        for status in *statuses {
            assert!(responses.get(status.to_string()).is_some(), "{id} {status} is not documented");
            assert!(
                ROWS.iter().copied().flatten().any(|row| row.operation == *id && row.status == *status),
                "no row for {id} {status}"
            );
        }
    }
}
