//! Bodies that are not what the document says, at every operation that takes one.

use reqwest::Method;
use serde_json::{Value, json};
use tacit_tests::{Answer, App, Client, Setup, both_engines};

use super::operations::{self, Operation};

/// Members whose form is not looked at: an unknown ticket, whatever it is made of, is answered like none.
const ANY_TEXT: [&str; 1] = ["ticket"];

/// So that no limit hides what a body is answered with.
fn unlimited() -> Setup {
    Setup::new().with("limits.code_attempts", "100000")
}

async fn send(client: &Client, operation: &Operation, body: impl Into<Vec<u8>>) -> Answer {
    let method = Method::from_bytes(operation.method.as_bytes()).unwrap();
    client.send(method, &operation.path, Some(body.into())).await
}

async fn refused(client: &Client, operation: &Operation, body: impl Into<Vec<u8>>, what: &str) -> Answer {
    operation.refused(send(client, operation, body).await, what)
}

async fn invalid(client: &Client, operation: &Operation, body: impl Into<Vec<u8>>, what: &str) -> Answer {
    let answer = refused(client, operation, body, what).await;
    assert_eq!((answer.status, answer.string("/code").as_str()), (400, "invalid_request"), "{}: {what}", operation.id);
    answer
}

/// A caller for the operation: somebody logged in, where it needs a token.
async fn callers(app: &App) -> (Client, Client) {
    (app.anonymous(), app.user("caller@example.com").await.client)
}

both_engines!(the_examples_of_the_document_parse, unlimited(), async |app| {
    let (anonymous, user) = callers(app).await;
    // What the sentences below alter is itself good: else they would show nothing.
    for operation in operations::with_body() {
        let client = if operation.needs_token { &user } else { &anonymous };
        let answer = send(client, &operation, operation.example.as_ref().unwrap().to_string()).await;
        let code = if answer.status < 400 { String::new() } else { answer.string("/code") };
        assert!(answer.status < 500 && code != "invalid_request", "{}: {}", operation.id, answer.text());
    }
    app.settle().await;
});

both_engines!(what_is_not_one_json_object_is_refused_everywhere, unlimited(), async |app| {
    let (anonymous, user) = callers(app).await;
    for operation in operations::with_body() {
        let client = if operation.needs_token { &user } else { &anonymous };
        let example = operation.example.as_ref().unwrap().to_string();
        // Of nothing at all some are content.
        for part in usize::from(!operation.needs_body)..8 {
            let cut = example.len() * part / 8;
            invalid(client, &operation, &example.as_bytes()[..cut], "truncated").await;
        }
        invalid(client, &operation, &example.as_bytes()[..example.len() - 1], "without its last byte").await;
        for text in NO_OBJECTS {
            invalid(client, &operation, *text, text).await;
        }
        for (what, bytes) in spoiled(&example) {
            invalid(client, &operation, bytes, what).await;
        }
        for levels in [200, 16_000] {
            for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
                let deep = [open.repeat(levels), "1".to_owned(), close.repeat(levels)].concat();
                let wanted = if deep.len() > 32 * 1024 { 413 } else { 400 };
                for deep in [deep.clone(), format!("{{\"auth_id\": {deep}}}"), open.repeat(levels)] {
                    let answer = refused(client, &operation, deep, "deeply nested").await;
                    assert!([400, wanted].contains(&answer.status), "{}", answer.text());
                }
            }
        }
        for (what, long) in [
            ("nested without end", "[".repeat(100_000)),
            ("objects without end", "{\"a\":".repeat(100_000)),
            ("a long member", json!({ "auth_id": "a".repeat(33 * 1024) }).to_string()),
            ("spaces", format!("{}{example}", " ".repeat(33 * 1024))),
            ("many members", format!("{{{}}}", r#""a":1,"#.repeat(6_000))),
        ] {
            let answer = refused(client, &operation, long, what).await;
            assert_eq!((answer.status, answer.string("/code").as_str()), (413, "body_too_large"), "{what}");
        }
    }
    app.settle().await;
});

/// Not JSON, or not an object.
const NO_OBJECTS: &[&str] = &[
    " ",
    "\n\n",
    "null",
    "true",
    "5",
    "-",
    "\"text\"",
    "[]",
    "[{}]",
    "{",
    "}",
    "{}{}",
    "{},",
    "{]",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{a:1}",
    "{'a':1}",
    "{\"a\":01}",
    "{\"a\":+1}",
    "{\"a\":.5}",
    "{\"a\":1.}",
    "{\"a\":0x1}",
    "{\"a\":NaN}",
    "{\"a\":Infinity}",
    "{\"a\":1e400}",
    "{\"a\":\"\\x41\"}",
    "{\"a\":\"\\u12\"}",
    "{\"a\":\"line\nbreak\"}",
    "{/*a*/}",
    "{}//",
    "<a/>",
    "a=b",
    "undefined",
    "\u{feff}{}",
];

/// The example with something in it or about it that JSON does not have.
fn spoiled(example: &str) -> Vec<(&'static str, Vec<u8>)> {
    let inside = |bytes: &[u8]| {
        // Into the first text that is a value.
        let place = example.find(":\"").unwrap() + 2;
        [&example.as_bytes()[..place], bytes, &example.as_bytes()[place..]].concat()
    };
    let about = |before: &[u8], after: &[u8]| [before, example.as_bytes(), after].concat();
    let wide = |to_bytes: fn(u16) -> [u8; 2]| example.encode_utf16().flat_map(to_bytes).collect::<Vec<u8>>();
    vec![
        ("a byte order mark", about(b"\xef\xbb\xbf", b"")),
        ("a second object", about(b"", b"{}")),
        ("rubbish after it", about(b"", b"x")),
        ("a zero after it", about(b"", b"\0")),
        ("a zero before it", about(b"\0", b"")),
        ("a list around it", about(b"[", b"]")),
        ("a zero in a text", inside(b"\0")),
        ("a control character in a text", inside(b"\x1f")),
        ("a byte that is no UTF-8", inside(b"\xff")),
        ("half a character", inside(b"\xc3")),
        ("an overlong zero", inside(b"\xc0\x80")),
        ("a surrogate in UTF-8", inside(b"\xed\xa0\x80")),
        ("beyond Unicode", inside(b"\xf4\x90\x80\x80")),
        ("a lone high surrogate", inside(b"\\ud800")),
        ("a lone low surrogate", inside(b"\\udc00")),
        ("two high surrogates", inside(b"\\ud800\\ud800")),
        ("surrogates the wrong way round", inside(b"\\udc00\\ud800")),
        ("UTF-16, little end first", wide(u16::to_le_bytes)),
        ("UTF-16, big end first", wide(u16::to_be_bytes)),
    ]
}

both_engines!(a_member_that_occurs_twice_is_refused_everywhere, unlimited(), async |app| {
    let (anonymous, user) = callers(app).await;
    for operation in operations::with_body() {
        let client = if operation.needs_token { &user } else { &anonymous };
        let example = operation.example.as_ref().unwrap();
        // Who reads the first and who reads the last would see two different requests.
        for (name, value) in example.as_object().unwrap() {
            let rest = &example.to_string()[1..];
            let (name, other) = (json!(name), json!("mallory@example.com"));
            invalid(client, &operation, format!("{{{name}:{value},{rest}"), "twice the same").await;
            invalid(client, &operation, format!("{{{name}:{other},{rest}"), "twice, not the same").await;
            let escaped = format!(
                "\"\\u{:04x}{}",
                u32::from(name.as_str().unwrap().chars().next().unwrap()),
                &name.to_string()[2..]
            );
            invalid(client, &operation, format!("{{{escaped}:{other},{rest}"), "twice, once escaped").await;
        }
        for member in operation.members().iter().filter(|member| member.kind == "object") {
            let twice = operation.example_with(&member.name, json!({ "preset": "TWICE" })).to_string();
            let twice = twice.replace("\"preset\":\"TWICE\"", "\"preset\":1,\"preset\":2");
            invalid(client, &operation, twice, "twice further inside").await;
        }
    }
    app.settle().await;
});

both_engines!(every_member_of_every_body_has_a_type_and_is_named_when_it_has_another, unlimited(), async |app| {
    let (anonymous, user) = callers(app).await;
    for operation in operations::with_body() {
        let client = if operation.needs_token { &user } else { &anonymous };
        for member in operation.members() {
            let wrong = |value: Value| operation.example_with(&member.name, value);
            for value in wrongly_typed(&member.kind) {
                let what = format!("{} = {value}", member.name);
                let problem = invalid(client, &operation, wrong(value).to_string(), &what).await;
                let fields = problem.member("/fields");
                let named = fields.as_array().unwrap().iter().any(|field| field["name"] == *member.name);
                assert!(named, "{}: {what}: {fields}", operation.id);
            }
            if member.is_required && !member.name.contains('.') {
                let mut without = operation.example.clone().unwrap();
                without.as_object_mut().unwrap().remove(&member.name);
                invalid(client, &operation, without.to_string(), &format!("without {}", member.name)).await;
                invalid(client, &operation, wrong(Value::Null).to_string(), &format!("{} = null", member.name)).await;
            }
            if member.kind == "string" {
                odd_texts(client, &operation, &member.name).await;
            }
            if member.kind == "integer" {
                for number in ["1e400", "-1e400", "1e5", "-0", "-1", "18446744073709551616", &"9".repeat(5_000)] {
                    let body = wrong(json!("NUMBER")).to_string().replace("\"NUMBER\"", number);
                    invalid(client, &operation, body, &format!("{} = {number:.20}", member.name)).await;
                }
            }
            if member.is_closed {
                let inside = operation.example_with(&format!("{}.password", member.name), json!("secret"));
                let problem = invalid(client, &operation, inside.to_string(), "an unknown member inside").await;
                assert!(!problem.text().contains("secret"));
            }
        }
        for unknown in ["password", "Auth_id", "__proto__", "constructor", "", "a\u{0}b", "auth_id ", "\u{1f511}"] {
            let problem =
                invalid(client, &operation, operation.example_with(unknown, json!("secret")).to_string(), unknown)
                    .await;
            assert!(!problem.text().contains("secret"), "{}", problem.text());
        }
    }
    app.settle().await;
});

fn wrongly_typed(kind: &str) -> Vec<Value> {
    let kinds = [
        ("string", json!("text")),
        ("integer", json!(1)),
        ("number", json!(1.5)),
        ("boolean", json!(true)),
        ("array", json!(["person@example.com"])),
        ("array", json!([])),
        ("object", json!({ "$ne": "" })),
        ("object", json!({})),
    ];
    let others = kinds.into_iter().filter(|(name, _)| *name != kind);
    // An empty object is an object without its members.
    others.map(|(_, value)| value).collect()
}

/// Texts that a database, a mail or a log could choke on.
async fn odd_texts(client: &Client, operation: &Operation, member: &str) {
    for text in
        ["\0", "a\0b@example.com", "\u{1b}[31m", "a\r\nBcc: b@example.com", "\u{fffe}", "\u{10ffff}", "' OR 1=1 --"]
    {
        let body = operation.example_with(member, json!(text)).to_string();
        if ANY_TEXT.contains(&member) {
            let answer = send(client, operation, body).await;
            assert!(answer.status < 500, "{}: {member}: {}", operation.id, answer.text());
        } else if member == "device_name" || member == "display_name" {
            // A line that people read: what shows is theirs to choose.
            let answer = send(client, operation, body).await;
            assert!(answer.status < 500, "{}: {member}: {}", operation.id, answer.text());
            assert!(answer.status >= 400 || !text.contains(char::is_control), "{member}: {text:?}");
        } else {
            refused(client, operation, body, &format!("{member} = {text:?}")).await;
        }
    }
    let surrogate = operation.example_with(member, json!("SURROGATE")).to_string().replace("SURROGATE", "\\ud800");
    invalid(client, operation, surrogate, &format!("{member} is a lone surrogate")).await;
    let long = operation.example_with(member, json!("a".repeat(10_000))).to_string();
    invalid(client, operation, long, &format!("{member} of 10,000 letters")).await;
}

both_engines!(a_body_of_another_media_type_is_refused_everywhere, unlimited(), async |app| {
    let (anonymous, user) = callers(app).await;
    for operation in operations::with_body() {
        let client = if operation.needs_token { &user } else { &anonymous };
        let example = operation.example.as_ref().unwrap().to_string();
        for kind in [
            "",
            "text/plain",
            "text/json",
            "application/xml",
            "application/javascript",
            "application/octet-stream",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "multipart/form-data",
            "application/json;charset=utf-16",
            "application/json; charset=\"UTF-16LE\"",
            "application/json; charset=iso-8859-1",
            "application/jsonx",
            "application",
            "json",
            "*/*",
            "application/*",
            "application/json, text/plain",
            "; application/json",
        ] {
            let answer = send(&client.with("content-type", kind), &operation, example.clone()).await;
            let answer = operation.refused(answer, kind);
            assert_eq!((answer.status, answer.string("/code").as_str()), (415, "unsupported_media_type"), "{kind:?}");
        }
        for kind in ["application/json; charset=utf-8", "Application/JSON;charset=\"UTF-8\"", "application/json"] {
            let answer = send(&client.with("content-type", kind), &operation, example.clone()).await;
            assert!(answer.status < 500 && answer.status != 415, "{kind}: {}", answer.text());
        }
    }
    app.settle().await;
});
