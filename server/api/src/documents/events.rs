//! The types of events, listed where events are described, from the domain's one table.

use serde_json::Value;
use tacit_domain::audit::EventType;

use super::correct::{members_mut, set};

/// Lists them under every member of this name.
pub(super) fn list(schemas: &mut Value) {
    for schema in members_mut(Some(schemas)) {
        let Some(member) = schema.pointer_mut("/properties/event_type") else { continue };
        let said = member.get("description").and_then(Value::as_str).unwrap_or_default();
        let listed = format!(
            "{said}. One of these, with `.success` or `.failure` behind it; later versions may know more:\n\n{}",
            EventType::ALL.iter().map(|kind| line(*kind)).collect::<Vec<_>>().join("\n")
        );
        set(member, "description", listed.into());
    }
}

fn line(kind: EventType) -> String {
    format!("- `{}`: {}", kind.as_str(), kind.says())
}
