//! What is wrong with a body, field by field, by the schema its document shows.

use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use serde_json::Value;
use tacit_shared::{FieldCode, FieldError};

use super::forms;

/// More than this many are not listed; the first few are what a developer mends.
const MOST_FIELDS: usize = 16;

/// A field name longer than this is not repeated.
const LONGEST_NAME: usize = 64;

/// The fields of `value` that do not fit the schema of `T`.
pub(super) fn wrong_fields<T: Type>(value: &Value) -> Vec<FieldError> {
    let mut registry = Registry::new();
    T::register(&mut registry);
    add_forms(&mut registry);
    let mut found = Vec::new();
    look(&registry, &T::schema_ref(), "", value, &mut found);
    found.truncate(MOST_FIELDS);
    found
}

fn add_forms(registry: &mut Registry) {
    for (message, schema) in &mut registry.schemas {
        for (member, pattern) in forms::of(message) {
            for (_, property) in schema.properties.iter_mut().filter(|(name, _)| *name == member) {
                let form = MetaSchema { pattern: Some(pattern.to_owned()), ..MetaSchema::ANY };
                *property = property.clone().merge(form);
            }
        }
    }
}

fn look(registry: &Registry, schema: &MetaSchemaRef, name: &str, value: &Value, found: &mut Vec<FieldError>) {
    let schema = match schema {
        MetaSchemaRef::Inline(schema) => schema,
        MetaSchemaRef::Reference(reference) => match registry.schemas.get(reference) {
            Some(schema) => schema,
            None => return,
        },
    };
    // A described reference is written as `allOf [reference, description]`.
    if let Some(inner) = schema.all_of.first() {
        return look(registry, inner, name, value, found);
    }
    if let Some(code) = mismatch(schema, value) {
        found.push(FieldError::new(name, code));
    } else if let Value::Object(members) = value {
        look_inside(registry, schema, name, members, found);
    }
}

fn look_inside(
    registry: &Registry,
    schema: &MetaSchema,
    name: &str,
    members: &serde_json::Map<String, Value>,
    found: &mut Vec<FieldError>,
) {
    for required in &schema.required {
        if members.get(*required).is_none_or(Value::is_null) {
            found.push(FieldError::new(nested(name, required), FieldCode::Required));
        }
    }
    // A required one that is `null` is in the list already.
    let is_listed = |member: &str, value: &Value| value.is_null() && schema.required.contains(&member);
    for (member, value) in members.iter().filter(|(member, value)| !is_listed(member, value)) {
        match schema.properties.iter().find(|(property, _)| property == member) {
            Some((_, property)) => look(registry, property, &nested(name, member), value, found),
            None => found.push(FieldError::new(nested(name, member), FieldCode::Unexpected)),
        }
    }
}

fn mismatch(schema: &MetaSchema, value: &Value) -> Option<FieldCode> {
    let fits = match schema.ty {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    };
    if !fits {
        return Some(FieldCode::Malformed);
    }
    match value {
        Value::String(text) => wrong_text(schema, text, value),
        Value::Number(number) => wrong_number(schema, number.as_f64()?),
        _ => None,
    }
}

fn wrong_text(schema: &MetaSchema, text: &str, value: &Value) -> Option<FieldCode> {
    let length = text.chars().count();
    if schema.max_length.is_some_and(|most| length > most) {
        return Some(FieldCode::TooLong);
    }
    if schema.min_length.is_some_and(|least| length < least) {
        return Some(FieldCode::TooShort);
    }
    if !schema.enum_items.is_empty() && !schema.enum_items.contains(value) {
        return Some(FieldCode::Malformed);
    }
    let fits = schema.pattern.as_ref().and_then(|pattern| forms::fits(pattern, text));
    (fits == Some(false)).then_some(FieldCode::Malformed)
}

fn wrong_number(schema: &MetaSchema, number: f64) -> Option<FieldCode> {
    let (least, most) = bounds(schema.format);
    let least = schema.minimum.unwrap_or(least);
    let most = schema.maximum.unwrap_or(most);
    (number < least || number > most).then_some(FieldCode::OutOfRange)
}

fn bounds(format: Option<&str>) -> (f64, f64) {
    match format {
        Some("uint16") => (0.0, f64::from(u16::MAX)),
        Some("uint32") => (0.0, f64::from(u32::MAX)),
        Some("uint64") => (0.0, f64::INFINITY),
        _ => (f64::NEG_INFINITY, f64::INFINITY),
    }
}

fn nested(outer: &str, member: &str) -> String {
    let member: String = member.chars().take(LONGEST_NAME).collect();
    if outer.is_empty() { member } else { format!("{outer}.{member}") }
}
