//! The contract table: every documented status of the operations under `/api/auth`, and how it is provoked.
//!
//! A row is `status how_it_is_provoked [settings] => |app| request;` and runs on both engines, or on the one it names.

use reqwest::Method;
use reqwest::header::{HeaderName, HeaderValue};
use serde_json::{Value, json};
use tacit_tests::{Answer, App, Client, Engine, NewCredential, Setup, User, both_engines};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const CHECK: &str = "/api/auth/srp/sign-up/check";
const SIGN_UP: &str = "/api/auth/srp/sign-up";
const VERIFICATION: &str = "/api/auth/srp/sign-up/verification";
const ACTIVATE: &str = "/api/auth/srp/sign-up/activate";
const LOGIN: &str = "/api/auth/srp/login/email";
const PROOF: &str = "/api/auth/srp/login/proof";
const LIST: &str = "/api/auth/sessions/list";
const VERIFY: &str = "/api/auth/sessions/verify";
const LOGOUT: &str = "/api/auth/sessions/logout";
const LOGOUT_ALL: &str = "/api/auth/sessions/logout-all";

struct Row {
    operation: &'static str,
    status: u16,
}

macro_rules! contract {
    ($($operation:ident { $($status:literal $how:ident [$setup:expr] $(on $engine:ident)? => |$app:ident| $answer:expr;)+ })+) => {
        const ROWS: &[Row] = &[$($(Row { operation: stringify!($operation), status: $status },)+)+];
        $(mod $operation {
            use super::*;
            $(contract!(@row $operation $status $how [$setup] $(on $engine)? => |$app| $answer);)+
        })+
    };
    (@row $operation:ident $status:literal $how:ident [$setup:expr] => |$app:ident| $answer:expr) => {
        both_engines!($how, $setup, async |$app| { conforms(&$answer, stringify!($operation), $status) });
    };
    (@row $operation:ident $status:literal $how:ident [$setup:expr] on $engine:ident => |$app:ident| $answer:expr) => {
        #[tokio::test]
        async fn $how() {
            let sentence = async |$app: &App| conforms(&$answer, stringify!($operation), $status);
            tacit_tests::run(Engine::$engine, $setup, sentence).await;
        }
    };
}

contract! {
    check_sign_up {
        200 any_address [Setup::new()] => |app| post(app, CHECK, address("nobody@example.com")).await;
        400 what_is_no_address [Setup::new()] => |app| post(app, CHECK, address("nobody")).await;
        409 a_taken_address_when_revealing [Setup::revealing()] => |app| {
            app.registered("person@example.com").await;
            post(app, CHECK, address("person@example.com")).await
        };
        408 a_body_that_stops_half_way [Setup::new()] on Sqlite => |app| stopping(app, CHECK).await;
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| app.anonymous().post_unfinished(CHECK).await;
        413 a_long_body [Setup::new()] => |app| post(app, CHECK, long()).await;
        415 a_form [Setup::new()] => |app| form(app, CHECK).await;
        500 a_dropped_table_when_revealing [Setup::revealing()] => |app| {
            app.database.drop_table("accounts").await;
            post(app, CHECK, address("nobody@example.com")).await
        };
        503 a_database_out_of_reach_when_revealing [Setup::revealing()] on Postgres => |app| {
            cut_off(app, post(app, CHECK, address("nobody@example.com"))).await
        };
    }
    sign_up {
        201 a_new_address [Setup::new()] => |app| post(app, SIGN_UP, sign_up_body("person@example.com")).await;
        400 no_credential [Setup::new()] => |app| post(app, SIGN_UP, address("person@example.com")).await;
        403 a_closed_server [Setup::new().with("registration_enabled", "false")] => |app| {
            post(app, SIGN_UP, sign_up_body("person@example.com")).await
        };
        409 a_taken_address_when_revealing [Setup::revealing()] => |app| {
            app.registered("person@example.com").await;
            post(app, SIGN_UP, sign_up_body("person@example.com")).await
        };
        408 a_body_that_stops_half_way [Setup::new()] on Sqlite => |app| stopping(app, SIGN_UP).await;
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| app.anonymous().post_unfinished(SIGN_UP).await;
        413 a_long_body [Setup::new()] => |app| post(app, SIGN_UP, long()).await;
        415 a_form [Setup::new()] => |app| form(app, SIGN_UP).await;
        500 a_dropped_table [Setup::new()] => |app| {
            app.database.drop_table("pending_credentials").await;
            post(app, SIGN_UP, sign_up_body("person@example.com")).await
        };
        503 a_database_out_of_reach [Setup::new()] => |app| {
            cut_off(app, post(app, SIGN_UP, sign_up_body("person@example.com"))).await
        };
    }
    resend_activation {
        200 any_address [Setup::new()] => |app| post(app, VERIFICATION, address("nobody@example.com")).await;
        400 what_is_no_address [Setup::new()] => |app| post(app, VERIFICATION, address("")).await;
        404 an_unknown_address_when_revealing [Setup::revealing()] => |app| {
            post(app, VERIFICATION, address("nobody@example.com")).await
        };
        409 an_activated_address_when_revealing [Setup::revealing()] => |app| {
            app.registered("person@example.com").await;
            post(app, VERIFICATION, address("person@example.com")).await
        };
        408 a_body_that_stops_half_way [Setup::new()] on Sqlite => |app| stopping(app, VERIFICATION).await;
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| app.anonymous().post_unfinished(VERIFICATION).await;
        413 a_long_body [Setup::new()] => |app| post(app, VERIFICATION, long()).await;
        415 a_form [Setup::new()] => |app| form(app, VERIFICATION).await;
        429 a_mail_sent_a_moment_ago [Setup::new()] => |app| {
            let person = app.signed_up("person@example.com").await;
            post(app, VERIFICATION, json!({ "auth_id": person.email, "ticket": person.ticket })).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            let person = app.signed_up("person@example.com").await;
            app.database.drop_table("pending_credentials").await;
            post(app, VERIFICATION, json!({ "auth_id": person.email, "ticket": person.ticket })).await
        };
        503 a_database_out_of_reach [Setup::new()] => |app| {
            let person = app.signed_up("person@example.com").await;
            app.settle().await;
            let body = json!({ "auth_id": person.email, "ticket": person.ticket });
            cut_off(app, post(app, VERIFICATION, body)).await
        };
    }
    activate {
        200 the_link_of_the_mail [Setup::new()] => |app| {
            app.signed_up("person@example.com").await;
            post(app, ACTIVATE, json!({ "token": app.mail_to("person@example.com").await.link_secret() })).await
        };
        400 neither_link_nor_code [Setup::new()] => |app| post(app, ACTIVATE, json!({})).await;
        401 a_link_that_was_used [Setup::new()] => |app| {
            app.registered("person@example.com").await;
            post(app, ACTIVATE, json!({ "token": app.mail_to("person@example.com").await.link_secret() })).await
        };
        404 a_code_for_an_unknown_address_when_revealing [Setup::revealing()] => |app| {
            post(app, ACTIVATE, json!({ "auth_id": "nobody@example.com", "code": "ZZZZZ-ZZZZZ" })).await
        };
        408 a_body_that_stops_half_way [Setup::new()] on Sqlite => |app| stopping(app, ACTIVATE).await;
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| app.anonymous().post_unfinished(ACTIVATE).await;
        413 a_long_body [Setup::new()] => |app| post(app, ACTIVATE, long()).await;
        415 a_form [Setup::new()] => |app| form(app, ACTIVATE).await;
        429 too_many_wrong_codes [Setup::new().with("limits.code_attempts", "1")] => |app| {
            let body = json!({ "auth_id": "person@example.com", "code": "ZZZZZ-ZZZZZ" });
            post(app, ACTIVATE, body.clone()).await;
            post(app, ACTIVATE, body).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            app.database.drop_table("pending_credentials").await;
            post(app, ACTIVATE, json!({ "token": "A".repeat(43) })).await
        };
        503 a_database_out_of_reach [Setup::new()] => |app| {
            cut_off(app, post(app, ACTIVATE, json!({ "token": "A".repeat(43) }))).await
        };
    }
    begin_login {
        200 any_address [Setup::new()] => |app| post(app, LOGIN, address("nobody@example.com")).await;
        400 what_is_no_address [Setup::new()] => |app| post(app, LOGIN, address("nobody")).await;
        401 an_unknown_address_when_revealing [Setup::revealing()] => |app| {
            post(app, LOGIN, address("nobody@example.com")).await
        };
        403 a_pending_address_when_revealing [Setup::revealing()] => |app| {
            app.signed_up("person@example.com").await;
            post(app, LOGIN, address("person@example.com")).await
        };
        408 a_body_that_stops_half_way [Setup::new()] on Sqlite => |app| stopping(app, LOGIN).await;
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| app.anonymous().post_unfinished(LOGIN).await;
        413 a_long_body [Setup::new()] => |app| post(app, LOGIN, long()).await;
        415 a_form [Setup::new()] => |app| form(app, LOGIN).await;
        500 a_dropped_table [Setup::new()] => |app| {
            app.database.drop_table("accounts").await;
            post(app, LOGIN, address("nobody@example.com")).await
        };
        503 a_full_queue [narrow()] => |app| crowd(app, LOGIN, vec![address("nobody@example.com"); 64]).await;
    }
    prove_login {
        200 a_good_proof [Setup::new()] => |app| {
            let person = app.registered("person@example.com").await;
            let handshake = person.begin_login().await;
            person.prove(&handshake).await
        };
        400 no_proof [Setup::new()] => |app| post(app, PROOF, json!({ "handshake": "A" })).await;
        401 a_wrong_password [Setup::new()] => |app| {
            let person = app.registered("person@example.com").await.mistyping("not the password");
            let handshake = person.begin_login().await;
            person.prove(&handshake).await
        };
        403 an_account_not_activated [Setup::new()] => |app| {
            let person = app.signed_up("person@example.com").await.with_ticket();
            let handshake = person.begin_login().await;
            person.prove(&handshake).await
        };
        408 a_body_that_stops_half_way [Setup::new()] on Sqlite => |app| stopping(app, PROOF).await;
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| app.anonymous().post_unfinished(PROOF).await;
        413 a_long_body [Setup::new()] => |app| post(app, PROOF, long()).await;
        415 a_form [Setup::new()] => |app| form(app, PROOF).await;
        429 too_many_wrong_passwords [Setup::new().with("limits.proof_attempts", "1")] => |app| {
            let person = app.stranger("nobody@example.com");
            let (first, second) = (person.begin_login().await, person.begin_login().await);
            person.prove(&first).await;
            person.prove(&second).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            let person = app.registered("person@example.com").await;
            let handshake = person.begin_login().await;
            app.database.drop_table("spent_handshakes").await;
            person.prove(&handshake).await
        };
        503 a_full_queue [narrow().with("limits.proof_attempts", "1000")] => |app| {
            let person = app.registered("person@example.com").await;
            let mut bodies = Vec::new();
            for _ in 0..32 {
                bodies.push(person.proof_body(&person.begin_login().await));
            }
            crowd(app, PROOF, bodies).await
        };
    }
    list_sessions_srp {
        200 somebody_logged_in [Setup::new()] => |app| user(app).await.client.get(LIST).await;
        401 nobody_in_particular [Setup::new()] => |app| app.anonymous().get(LIST).await;
        500 a_dropped_table [Setup::new()] => |app| without_sessions(app).await.get(LIST).await;
        503 a_database_out_of_reach [Setup::new()] on Postgres => |app| {
            let user = user(app).await;
            cut_off(app, user.client.get(LIST)).await
        };
    }
    verify_session {
        204 somebody_logged_in [Setup::new()] => |app| user(app).await.client.post_nothing(VERIFY).await;
        401 a_session_that_ended [Setup::new()] => |app| {
            let user = user(app).await;
            user.client.post_nothing(LOGOUT).await;
            user.client.post_nothing(VERIFY).await
        };
        500 a_dropped_table [Setup::new()] => |app| without_sessions(app).await.post_nothing(VERIFY).await;
        503 a_database_out_of_reach [Setup::new()] on Postgres => |app| {
            let user = user(app).await;
            cut_off(app, user.client.post_nothing(VERIFY)).await
        };
    }
    logout {
        200 somebody_logged_in [Setup::new()] => |app| user(app).await.client.post_nothing(LOGOUT).await;
        401 nobody_in_particular [Setup::new()] => |app| app.anonymous().post_nothing(LOGOUT).await;
        500 a_dropped_table [Setup::new()] => |app| without_sessions(app).await.post_nothing(LOGOUT).await;
        503 a_database_out_of_reach [Setup::new()] => |app| {
            let user = user(app).await;
            cut_off(app, user.client.post_nothing(LOGOUT)).await
        };
    }
    logout_all {
        200 somebody_logged_in [Setup::new()] => |app| user(app).await.client.post_nothing(LOGOUT_ALL).await;
        401 nobody_in_particular [Setup::new()] => |app| app.anonymous().post_nothing(LOGOUT_ALL).await;
        500 a_dropped_table [Setup::new()] => |app| without_sessions(app).await.post_nothing(LOGOUT_ALL).await;
        503 a_database_out_of_reach [Setup::new()] => |app| {
            let user = user(app).await;
            cut_off(app, user.client.post_nothing(LOGOUT_ALL)).await
        };
    }
}

async fn post(app: &App, path: &str, body: Value) -> Answer {
    app.anonymous().post(path, body).await
}

/// Sends the head of a request and a byte of its body, and then nothing.
async fn stopping(app: &App, path: &str) -> Answer {
    let base = app.anonymous().base();
    let mut connection = TcpStream::connect(base.trim_start_matches("http://")).await.unwrap();
    let head =
        format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 64\r\n");
    connection.write_all(format!("{head}connection: close\r\n\r\n{{").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let header = |line: &str| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap())
    };
    Answer {
        request: format!("POST {path}"),
        status,
        headers: lines.map(header).collect(),
        body: body.as_bytes().to_vec(),
    }
}

async fn form(app: &App, path: &str) -> Answer {
    let client = app.anonymous().with("content-type", "application/x-www-form-urlencoded");
    client.send(Method::POST, path, Some(b"auth_id=person".to_vec())).await
}

fn address(auth_id: &str) -> Value {
    json!({ "auth_id": auth_id })
}

fn long() -> Value {
    json!({ "auth_id": "a".repeat(33 * 1024) })
}

fn sign_up_body(auth_id: &str) -> Value {
    json!({ "auth_id": auth_id, "credential": NewCredential::of("a password").json() })
}

/// One thread for SRP, and one place to wait.
fn narrow() -> Setup {
    Setup::new().with("limits.srp_workers", "1").with("limits.srp_queue", "1")
}

async fn user(app: &App) -> User {
    let user = app.user("person@example.com").await;
    app.settle().await;
    user
}

/// Somebody logged in whose session the server can no longer look up.
async fn without_sessions(app: &App) -> Client {
    let user = user(app).await;
    app.database.drop_table("sessions").await;
    user.client
}

/// The answer to a request while the database is out of the server's reach.
async fn cut_off(app: &App, request: impl Future<Output = Answer>) -> Answer {
    let outage = app.database.cut_off().await;
    let answer = request.await;
    outage.end().await;
    answer
}

/// Sends all at once; one that was turned away for lack of room.
async fn crowd(app: &App, path: &'static str, bodies: Vec<Value>) -> Answer {
    let requests: Vec<_> = bodies
        .into_iter()
        .map(|body| {
            let client = app.anonymous();
            tokio::spawn(async move { client.post(path, body).await })
        })
        .collect();
    let mut turned_away = None;
    for request in requests {
        let answer = request.await.unwrap();
        if answer.status == 503 {
            turned_away = Some(answer);
        }
    }
    turned_away.expect("the queue was never full")
}

/// Fails unless the answer has this status and the document says so: the status, its media type, its codes, its headers.
fn conforms(answer: &Answer, operation: &str, status: u16) {
    assert_eq!(answer.status, status, "{}: {}", answer.request, answer.text());
    let document = document();
    let responses = &operation_in(&document, operation)["responses"];
    let documented = resolve(&document, &responses[status.to_string()]);
    assert!(documented.is_object(), "{operation}: {status} is not documented");
    for (name, _) in documented["headers"].as_object().into_iter().flatten() {
        let conditional = matches!(name.as_str(), "WWW-Authenticate" | "Set-Cookie");
        assert!(conditional || answer.headers.contains_key(name), "{operation}: {status} has no {name}");
    }
    let Some(content) = documented["content"].as_object() else {
        assert!(answer.body.is_empty(), "{operation}: a body nobody documented: {}", answer.text());
        return;
    };
    let media_type = answer.header("content-type");
    let media_type = media_type.split(';').next().unwrap();
    let media = content.get(media_type).unwrap_or_else(|| panic!("{operation}: {media_type} is not documented"));
    if status >= 400 {
        let codes = &media["schema"]["allOf"][1]["properties"]["code"]["enum"];
        let code = answer.member("/code");
        assert!(codes.as_array().unwrap().contains(&code), "{operation}: {code} is not among {codes}");
        answer.clone().expect_problem(status, code.as_str().unwrap()).done();
    }
}

fn document() -> Value {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi/srp.json");
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

#[test]
fn every_documented_status_has_a_row() {
    let document = document();
    let mut missing = Vec::new();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            for status in operation["responses"].as_object().unwrap().keys() {
                if !ROWS.iter().any(|row| row.operation == id && row.status.to_string() == *status) {
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
    ("list_sessions_srp", &[200, 401, 500]),
    ("verify_session", &[204, 401]),
    ("logout", &[200, 401, 500]),
    ("logout_all", &[200, 401, 500]),
];

#[test]
fn every_required_status_is_documented_and_has_a_row() {
    let document = document();
    for (id, statuses) in REQUIRED {
        let responses = &operation_in(&document, id)["responses"];
        for status in *statuses {
            assert!(responses.get(status.to_string()).is_some(), "{id} {status} is not documented");
            assert!(ROWS.iter().any(|row| row.operation == *id && row.status == *status), "no row for {id} {status}");
        }
    }
}
