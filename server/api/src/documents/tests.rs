use std::collections::HashMap;

use serde_json::{Value, json};
use tacit_domain::audit::EventType;

use super::*;

/// Every object inside a value, with the pointer to it.
fn objects(value: &Value, pointer: &str, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(members) => {
            found.push((pointer.to_owned(), value.clone()));
            members.iter().for_each(|(name, member)| {
                objects(member, &format!("{pointer}/{}", name.replace('/', "~1")), found);
            });
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| objects(item, &format!("{pointer}/{index}"), found));
        }
        _ => {}
    }
}

fn all_objects() -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (name, document) in documents() {
        objects(&document, &format!("{name}#"), &mut found);
    }
    found
}

#[test]
fn documents_are_of_version_3_1_and_the_same_every_time() {
    let (first, second) = (documents(), documents());
    assert_eq!(first.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["srp", "platform", "ops", "tacit"]);
    for ((_, first), (_, second)) in first.iter().zip(&second) {
        assert_eq!(first["openapi"], "3.1.0");
        assert_eq!(first["servers"][0]["url"], "/");
        assert!(first.get("webhooks").is_none());
        assert_eq!(text(first), text(second));
    }
}

#[test]
fn nothing_of_the_old_dialect_is_left() {
    for (pointer, object) in all_objects() {
        for word in ["nullable", "explode", "application/json; charset=utf-8", "text/plain; charset=utf-8"] {
            assert!(object.get(word).is_none(), "{pointer} has `{word}`");
        }
        assert_ne!(object.get("deprecated"), Some(&Value::Bool(false)), "{pointer}");
        assert!(!object.get("exclusiveMinimum").is_some_and(Value::is_boolean), "{pointer}");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    for (name, document) in documents() {
        let mut found = Vec::new();
        objects(&document, "", &mut found);
        for (pointer, object) in found {
            let Some(reference) = object.get("$ref").and_then(Value::as_str) else { continue };
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{name}{pointer}: {reference}");
        }
    }
}

#[test]
fn a_schema_of_one_name_is_one_schema_on_all_surfaces() {
    let mut seen: HashMap<String, Value> = HashMap::new();
    for (name, document) in documents() {
        for (schema, written) in document["components"]["schemas"].as_object().unwrap() {
            let first = seen.entry(schema.clone()).or_insert_with(|| written.clone());
            assert_eq!(first, written, "{schema} differs in {name}");
        }
    }
}

#[test]
fn requests_take_no_unknown_members_and_answers_say_nothing_of_that() {
    let documents = documents();
    let schemas = &documents.last().unwrap().1["components"]["schemas"];
    for request in ["SignUp", "Credential", "LoginProof", "RefreshRequest"] {
        assert_eq!(schemas[request]["additionalProperties"], json!(false), "{request}");
    }
    assert!(schemas["Session"].get("additionalProperties").is_none());
}

#[test]
fn every_answer_is_described() {
    let mut answers = 0;
    for (pointer, object) in all_objects() {
        let is_one = pointer.rsplit_once('/').is_some_and(|(parent, status)| {
            parent.ends_with("/responses") && status.bytes().all(|byte| byte.is_ascii_digit())
        });
        if is_one && object.get("$ref").is_none() {
            answers += 1;
            assert!(object["description"].as_str().is_some_and(|text| !str::is_empty(text)), "{pointer}");
        }
    }
    assert!(answers > 200, "{answers} answers");
}

#[test]
fn a_form_that_a_provider_posts_may_say_more_than_we_know() {
    for (name, document) in documents() {
        let schema = document.pointer("/components/schemas/AuthorizationResponse");
        assert!(schema.is_none_or(|schema| schema.get("additionalProperties").is_none()), "{name}");
    }
}

#[test]
fn an_id_has_one_type_wherever_it_is() {
    for (pointer, object) in all_objects() {
        if pointer.ends_with("/properties/user_id") || pointer.ends_with("/properties/session_id") {
            assert_eq!(object["format"], "uuid", "{pointer}");
        }
    }
}

#[test]
fn each_surface_has_its_own_name_for_the_access_token() {
    let documents = documents();
    let scheme = |name: &str| {
        let document = &documents.iter().find(|(surface, _)| *surface == name).unwrap().1;
        document["components"]["securitySchemes"].as_object().unwrap().keys().next().cloned()
    };
    assert_eq!(scheme("srp").as_deref(), Some("JWTAuth"));
    assert_eq!(scheme("platform").as_deref(), Some("bearer"));
}

#[test]
fn an_answer_lists_its_codes_as_types_and_in_words() {
    let documents = documents();
    let proof = &documents[0].1["paths"]["/api/auth/srp/login/proof"]["post"];
    let refused = &proof["responses"]["401"];
    let codes = &refused["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"]["code"]["enum"];
    assert_eq!(*codes, json!(["proof_rejected", "handshake_expired", "handshake_spent", "handshake_invalid"]));
    assert!(refused["description"].as_str().unwrap().contains("- `handshake_spent`: "));
    let busy = &proof["responses"]["503"]["headers"];
    assert!(busy.get("Retry-After").is_some());
    assert!(proof["responses"]["200"]["headers"].get("Set-Cookie").is_some());
}

#[test]
fn a_path_that_may_not_parse_may_be_not_found() {
    let documents = documents();
    let revoke = &documents[1].1["paths"]["/v1/sessions/{id}"]["delete"]["responses"];
    let codes =
        &revoke["404"]["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"]["code"]["enum"];
    assert_eq!(*codes, json!(["session_unknown", "not_found"]));
    assert!(revoke.get("400").is_none(), "there is nothing else in it that could be wrong");
}

/// The statuses seed 001 documents for the operations we have, and that each is documented here.
#[test]
fn every_status_of_the_seed_is_documented() {
    let documents = documents();
    let paths = &documents[0].1["paths"];
    for (method, path, statuses) in [
        ("get", "sessions/list", "200 401 500"),
        ("post", "sessions/verify", "204 401"),
        ("post", "sessions/logout", "200 401 500"),
        ("post", "sessions/logout-all", "200 401 500"),
        ("post", "srp/sign-up/check", "200 400 409 500"),
        ("post", "srp/sign-up", "201 400 409 500"),
        ("post", "srp/sign-up/verification", "200 400 404 409 429 500"),
        ("post", "srp/sign-up/activate", "200 400 401 404 500"),
        ("post", "srp/login/email", "200 400 401 403 500"),
        ("post", "srp/login/proof", "200 400 401 500"),
    ] {
        let responses = &paths[format!("/api/auth/{path}")][method]["responses"];
        for status in statuses.split(' ') {
            assert!(responses.get(status).is_some(), "{method} {path} does not document {status}");
        }
    }
}

#[test]
fn texts_of_a_form_show_their_pattern() {
    let schemas = &documents()[0].1["components"]["schemas"];
    assert_eq!(schemas["LoginProof"]["properties"]["M1"]["pattern"], "^[0-9a-fA-F]{64}$");
    assert_eq!(schemas["Credential"]["properties"]["identity"]["pattern"], "^[0-9a-f]{32}$");
}

#[test]
fn every_type_of_event_is_listed_wherever_events_are_described_and_no_other() {
    let known: Vec<String> = EventType::ALL.iter().map(|kind| format!("{}: {}", kind.as_str(), kind.says())).collect();
    let mut described = Vec::new();
    for (pointer, member) in all_objects() {
        if !pointer.ends_with("/properties/event_type") {
            continue;
        }
        let description = member["description"].as_str().unwrap();
        let listed: Vec<String> =
            description.lines().filter_map(|line| line.strip_prefix("- ")).map(without_marks).collect();
        assert_eq!(listed, known, "{pointer}");
        described.push(pointer.split('#').next().unwrap().to_owned());
    }
    assert_eq!(described, ["srp", "platform", "tacit", "tacit"], "the export and the log");
}

fn without_marks(line: &str) -> String {
    line.replace('`', "")
}

#[test]
fn lengths_that_the_domain_holds_are_in_the_documents() {
    let documents = documents();
    let all = &documents.last().unwrap().1;
    for (message, member, least, most) in [
        ("Credential", "identity", 32, 32),
        ("CodeExchange", "code_verifier", 43, 128),
        ("MobileExchange", "code_verifier", 43, 128),
        ("VisitCode", "code_verifier", 43, 128),
        ("VisitStart", "code_challenge", 43, 43),
        ("SignUp", "display_name", 1, 100),
        ("SignUp", "language", 1, 35),
        ("AccountUpdate", "language", 1, 35),
        ("LoginProof", "device_name", 1, 100),
        ("CodeExchange", "device_name", 1, 100),
        ("MobileExchange", "device_name", 1, 100),
        ("Activate", "code", 10, 32),
        ("ResetSecret", "code", 10, 32),
        ("ResetCompletion", "code", 10, 32),
    ] {
        let schema = &all["components"]["schemas"][message]["properties"][member];
        assert_eq!((&schema["minLength"], &schema["maxLength"]), (&json!(least), &json!(most)), "{message}.{member}");
        assert!(schema["pattern"].is_string(), "{message}.{member}");
    }
    let name = &all["components"]["schemas"]["AccountUpdate"]["properties"]["display_name"];
    assert!(name.get("minLength").is_none(), "an empty one takes the name away");
    for path in ["/api/auth/oauth/microsoft/login", "/v1/oauth/{provider}/authorize"] {
        let parameters = &all["paths"][path]["get"]["parameters"];
        assert_eq!(parameter(parameters, "code_challenge")["schema"]["minLength"], 43, "{path}");
        assert_eq!(parameter(parameters, "return_to")["schema"]["minLength"], 1, "{path}");
    }
}

fn parameter<'a>(parameters: &'a Value, name: &str) -> &'a Value {
    parameters.as_array().unwrap().iter().find(|parameter| parameter["name"] == name).unwrap()
}

#[test]
fn a_callback_tells_of_its_pages_its_cookie_and_its_state() {
    let documents = documents();
    let all = &documents.last().unwrap().1;
    for (path, method) in [
        ("/api/auth/oauth/microsoft/callback", "get"),
        ("/v1/oauth/{provider}/callback", "get"),
        ("/v1/oauth/{provider}/callback", "post"),
    ] {
        let operation = &all["paths"][path][method];
        for status in ["200", "400", "401", "403", "404", "409", "500", "503"] {
            let answer = &operation["responses"][status];
            assert!(answer["content"].get("text/html").is_some(), "{method} {path} {status} has no page");
            assert!(answer["headers"].get("Set-Cookie").is_some(), "{method} {path} {status} has no cookie");
        }
        let limited = &operation["responses"]["429"];
        assert_eq!(limited["$ref"], "#/components/responses/TooManyRequests", "refused before: no page");
        assert_eq!(parameter(&operation["parameters"], "tacit_oauth")["in"], "cookie");
        if method == "get" {
            assert_eq!(parameter(&operation["parameters"], "state")["required"], true);
        }
    }
    assert_eq!(all["components"]["schemas"]["AuthorizationResponse"]["required"], json!(["state"]));
}

#[test]
fn a_refresh_goes_by_cookie_too_and_needs_no_body_then() {
    let refresh = &documents()[1].1["paths"]["/v1/auth/refresh"]["post"];
    assert_eq!(parameter(&refresh["parameters"], "tacit_refresh")["in"], "cookie");
    assert_eq!(parameter(&refresh["parameters"], "X-Tacit-Client")["in"], "header");
    assert_ne!(refresh["requestBody"]["required"], true);
    let change = &documents()[0].1["paths"]["/api/auth/srp/password/change/initiate"]["post"];
    assert_ne!(change["requestBody"]["required"], true);
}
