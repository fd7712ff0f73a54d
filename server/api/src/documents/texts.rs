//! What the domain asks of texts that people write, which poem-openapi does not check: it would have to compile a pattern
//! for each request. The refusal comes from the domain, which names the field.

use serde_json::{Map, Value};
use tacit_shared::limits;

use super::correct::set;
use crate::http::body::forms;

/// What a text is, and how a document says so.
#[derive(Clone, Copy)]
enum Text {
    /// One line of characters that all show.
    Line,
    /// The same, or nothing at all.
    LineOrNothing,
    /// A BCP 47 tag.
    Language,
    /// A mailed code with what people type between its ten letters.
    Code,
    /// An address, of which the origin is what counts.
    Address,
}

/// Message, member, kind.
const MEMBERS: [(&str, &str, Text); 12] = [
    ("SignUp", "display_name", Text::Line),
    ("SignUp", "language", Text::Language),
    ("AccountUpdate", "display_name", Text::LineOrNothing),
    ("AccountUpdate", "language", Text::Language),
    ("LoginProof", "device_name", Text::Line),
    ("CodeExchange", "device_name", Text::Line),
    ("MobileExchange", "device_name", Text::Line),
    ("MobileExchange", "redirect_uri", Text::Address),
    ("VisitStart", "return_to", Text::Address),
    ("Activate", "code", Text::Code),
    ("ResetSecret", "code", Text::Code),
    ("ResetCompletion", "code", Text::Code),
];

/// The parameter that the operations which begin a sign-in take beside `code_challenge`.
const RETURN_TO: &str = "return_to";

impl Text {
    /// Without the control characters, and those that direct how a line is read.
    const SHOWN: &'static str = "[^\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]";

    fn least(self) -> usize {
        match self {
            Self::Line | Self::Language | Self::Address => 1,
            Self::LineOrNothing => 0,
            Self::Code => limits::CODE_CHARS,
        }
    }

    fn pattern(self) -> Option<String> {
        match self {
            Self::Line => Some(format!("^{}+$", Self::SHOWN)),
            Self::LineOrNothing => Some(format!("^{}*$", Self::SHOWN)),
            Self::Language => Some("^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})*$".to_owned()),
            Self::Code => Some("^[ -]*([0-9A-TV-Za-tv-z][ -]*){10}$".to_owned()),
            Self::Address => None,
        }
    }

    fn describe(self, schema: &mut Value) {
        if self.least() > 0 {
            set(schema, "minLength", self.least().into());
        }
        if let Some(pattern) = self.pattern() {
            set(schema, "pattern", pattern.into());
        }
    }
}

/// Says it in the schemas of requests.
pub(super) fn describe(schemas: &mut Value) {
    for (message, schema) in schemas.as_object_mut().into_iter().flatten() {
        let Some(members) = schema.get_mut("properties").and_then(Value::as_object_mut) else { continue };
        describe_members(message, members);
    }
}

fn describe_members(message: &str, members: &mut Map<String, Value>) {
    for (member, pattern) in forms::of(message) {
        if let Some(schema) = members.get_mut(member) {
            describe_form(pattern, schema);
        }
    }
    for (_, member, text) in MEMBERS.iter().filter(|(name, ..)| *name == message) {
        if let Some(schema) = members.get_mut(*member) {
            text.describe(schema);
        }
    }
}

/// Says it of a parameter.
pub(super) fn describe_parameter(name: &str, schema: &mut Value) {
    if let Some(pattern) = forms::of_parameter(name) {
        describe_form(pattern, schema);
    }
    if name == RETURN_TO {
        // How long it may be is said in words: one that is longer can be too long for the head of a request, too.
        Text::Address.describe(schema);
    }
}

/// A pattern, and the lengths that follow from it: what reads documents often knows the one and not the other.
fn describe_form(pattern: &str, schema: &mut Value) {
    if let Some((least, most)) = forms::lengths(pattern) {
        set(schema, "minLength", least.into());
        set(schema, "maxLength", most.into());
    }
    set(schema, "pattern", pattern.into());
}
