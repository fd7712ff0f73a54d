//! What somebody says of a person, by name.

use serde_json::{Map, Value};

/// The claims of a token or of user information.
#[derive(Default)]
pub(crate) struct Claims(pub(super) Map<String, Value>);

impl Claims {
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    pub(super) fn number(&self, name: &str) -> Option<i64> {
        let value = self.0.get(name)?;
        // Some write seconds with a fraction (RFC 7519 §2).
        value.as_i64().or_else(|| value.to_string().split('.').next().and_then(|whole| whole.parse().ok()))
    }

    /// `true`, also as Apple writes it (a text) and Microsoft (a number).
    pub(super) fn is_true(&self, name: &str) -> bool {
        match self.0.get(name) {
            Some(Value::Bool(value)) => *value,
            Some(Value::String(text)) => matches!(text.as_str(), "true" | "1"),
            Some(Value::Number(number)) => number.as_i64() == Some(1),
            _ => false,
        }
    }

    /// A text or a whole number, as text: GitHub's ids are numbers.
    pub(super) fn id(&self, name: &str) -> Option<String> {
        let text = match self.0.get(name)? {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.as_u64()?.to_string(),
            _ => return None,
        };
        let is_sound = (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_sound.then_some(text)
    }
}
