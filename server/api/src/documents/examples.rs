//! One example a request, so that a reader sees what the words mean.

use serde_json::{Value, json};

use super::correct::{members_mut, set};

/// Adds the example of an operation's request.
pub(super) fn add(operation: &mut Value) {
    let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default();
    let Some(example) = request(id) else { return };
    for media in members_mut(operation.pointer_mut("/requestBody/content")) {
        set(media, "example", example.clone());
    }
}

/// The verifier and its challenge are those of RFC 7636, appendix B.
fn request(operation: &str) -> Option<Value> {
    let address = "person@example.com";
    let ticket = format!("tk_{}", "5".repeat(43));
    Some(match operation {
        "check_sign_up" | "begin_login" | "request_password_reset" => json!({"auth_id": address}),
        "sign_up" => json!({
            "auth_id": address,
            "credential": credential(),
            "display_name": "Ada",
            "language": "en",
        }),
        "resend_activation" => json!({"auth_id": address, "ticket": ticket}),
        "activate" | "validate_password_reset" => json!({"auth_id": address, "code": "7KQ2M-9XR4T"}),
        "complete_password_reset" => json!({
            "auth_id": address,
            "code": "7KQ2M-9XR4T",
            "credential": credential(),
        }),
        "prove_login" => json!({
            "handshake": "AQAB".repeat(12),
            "A": "6b".repeat(384),
            "M1": "3f".repeat(32),
            "device_name": "Laptop",
        }),
        "begin_password_change" => json!({"purpose": "change"}),
        "confirm_password_change" | "confirm_step_up" => json!({
            "handshake": "AQAB".repeat(12),
            "A": "6b".repeat(384),
            "M1": "3f".repeat(32),
            "sealed": "AQAB".repeat(20),
        }),
        "exchange_oauth_code" => json!({
            "code": "AQAB".repeat(20),
            "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            "device_name": "Laptop",
        }),
        "exchange_microsoft_code" => {
            json!({"code": "M.C507_BL2.2.U", "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"})
        }
        "begin_identity_visit" => json!({
            "provider": "microsoft",
            "purpose": "link",
            "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        }),
        "link_identity" | "step_up_by_provider" => json!({
            "code": "AQAB".repeat(20),
            "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        }),
        "set_password" => json!({"credential": credential()}),
        "update_account" => json!({"display_name": "Ada", "language": "en"}),
        "confirm_email_change" | "undo_email_change" => json!({"token": "x".repeat(43)}),
        "refresh_tokens" => json!({"refresh_token": format!("rt_{}", "x".repeat(43))}),
        _ => return None,
    })
}

fn credential() -> Value {
    json!({
        "identity": "9c5f0d3a".repeat(4),
        "salt": "a7".repeat(32),
        "preset": 1,
        "verifier": "4d".repeat(384),
    })
}
