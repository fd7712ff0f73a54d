//! All surfaces in one document, for Swagger UI and for client generators.

use serde_json::{Map, Value, json};

use super::correct::set;

const DESCRIPTION: &str = "All surfaces of this server in one document.";

/// Puts the documents together. Schemas of one name are one schema in our code, so the first is as good as any.
pub(super) fn merge(title: &str, documents: &[&Value]) -> Value {
    let mut merged = documents.first().copied().cloned().unwrap_or_default();
    if let Some(info) = merged.get_mut("info") {
        set(info, "title", title.into());
        set(info, "description", DESCRIPTION.into());
    }
    set(&mut merged, "tags", tags(documents));
    set(&mut merged, "paths", union(documents, "/paths"));
    let components = json!({
        "headers": union(documents, "/components/headers"),
        "responses": union(documents, "/components/responses"),
        "schemas": union(documents, "/components/schemas"),
        "securitySchemes": union(documents, "/components/securitySchemes"),
    });
    set(&mut merged, "components", components);
    merged
}

fn tags(documents: &[&Value]) -> Value {
    let mut tags: Vec<Value> = Vec::new();
    for tag in documents.iter().filter_map(|document| document.get("tags")?.as_array()).flatten() {
        if !tags.contains(tag) {
            tags.push(tag.clone());
        }
    }
    tags.into()
}

fn union(documents: &[&Value], pointer: &str) -> Value {
    let mut all = Map::new();
    for members in documents.iter().filter_map(|document| document.pointer(pointer)?.as_object()) {
        for (name, member) in members {
            all.entry(name.clone()).or_insert_with(|| member.clone());
        }
    }
    if pointer.ends_with("schemas") {
        all.sort_keys();
    }
    all.into()
}
