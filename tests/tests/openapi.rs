//! The committed documents say what the server does.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tacit_tests::Process;

fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi")
}

#[tokio::test]
async fn the_committed_documents_are_the_generated_ones() {
    let folder = tempfile::tempdir().unwrap();
    let output = Process::run(&["openapi", "--out", folder.path().to_str().unwrap()], &[]).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for name in ["srp.json", "platform.json", "ops.json", "tacit.json"] {
        let generated = std::fs::read_to_string(folder.path().join(name)).unwrap();
        let committed = std::fs::read_to_string(committed().join(name)).unwrap();
        assert!(generated == committed, "openapi/{name} is not what the code says: run `make openapi`");
    }
}

#[test]
fn every_operation_has_an_id_of_its_own_and_a_summary() {
    let text = std::fs::read_to_string(committed().join("tacit.json")).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = std::collections::HashSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if !matches!(method.as_str(), "get" | "post" | "put" | "patch" | "delete") {
                continue;
            }
            let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} has no id"));
            assert!(ids.insert(id.to_owned()), "{id} occurs twice");
            assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{id} has no summary");
        }
    }
}
