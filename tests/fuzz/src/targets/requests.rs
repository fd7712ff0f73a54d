//! Whole requests against the whole server: whatever comes, the answer is one that the document lists.

use serde_json::Value;
use tacit_shared::codes::Code;

use crate::edits::choice;
use crate::world::{Answer, OPERATIONS, World};

pub fn run(data: &[u8]) {
    let (operation, rest) = choice(data);
    let (headers, body) = choice(rest);
    let (method, path) = &OPERATIONS[usize::from(operation) % OPERATIONS.len()];
    World::with(|world| {
        let answer = world.request(method, path, headers, body);
        check(path, &answer);
    });
}

fn check(path: &str, answer: &Answer) {
    assert!(answer.status < 500, "{path} answers {} {}", answer.status, answer.text);
    assert!(answer.text.len() < 64 * 1024);
    if answer.status >= 400 {
        assert_eq!(media_type(answer), "application/problem+json", "{path} {}", answer.status);
        let problem: Value = serde_json::from_str(&answer.text).expect("a problem is JSON");
        // Some codes have another status at another operation.
        let is_of_table = |code: &&Code| problem["code"] == code.as_str() && code.class().status() == answer.status;
        assert!(Code::ALL.iter().any(|code| is_of_table(&code)), "{path} {} {}", answer.status, answer.text);
        assert_eq!(problem["status"], answer.status, "{path}");
        // Names of unknown fields are told again; what we say ourselves names nothing of the inside.
        let said = [&problem["title"], &problem["detail"]].map(Value::to_string).concat();
        assert!(!["serde", "poem", "Option<", "alloc::", "sqlx"].iter().any(|word| said.contains(word)));
    } else if !answer.text.is_empty() {
        assert_eq!(media_type(answer), "application/json", "{path}");
        assert!(serde_json::from_str::<Value>(&answer.text).is_ok());
    }
}

fn media_type(answer: &Answer) -> &str {
    answer.content_type.split(';').next().unwrap_or_default()
}
