//! Every public operation as the document lists it, so that one that is added is attacked like the others.

use std::path::Path;

use serde_json::Value;
use tacit_tests::Answer;

/// One operation of the document.
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) method: String,
    /// With something in the place of its parameters.
    pub(super) path: String,
    /// Parameters of the query, by name.
    pub(super) query: Vec<String>,
    /// Whether a part of its path is a parameter.
    pub(super) template: Option<String>,
    pub(super) needs_token: bool,
    /// Whether its body is a form, as a provider's page posts it.
    pub(super) takes_form: bool,
    /// Whether it does nothing without a body.
    pub(super) needs_body: bool,
    /// The document's own example of its body.
    pub(super) example: Option<Value>,
    schema: Value,
    responses: Value,
    document: Value,
}

/// A member of a body: where it is, and what the document says of it.
pub(super) struct Member {
    /// As problems name it: `credential.salt`.
    pub(super) name: String,
    /// `string`, `integer`, `object`.
    pub(super) kind: String,
    pub(super) is_required: bool,
    pub(super) is_closed: bool,
}

pub(super) fn all() -> Vec<Operation> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi/tacit.json");
    let document: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method = method.to_uppercase();
            // Needs a listener or a token of its own, and takes nothing from its caller.
            if path != "/metrics" {
                operations.push(Operation::of(&document, path, &method, operation));
            }
        }
    }
    operations
}

/// Those that take a body.
pub(super) fn with_body() -> Vec<Operation> {
    let operations: Vec<_> = all().into_iter().filter(|operation| operation.example.is_some()).collect();
    assert!(operations.len() >= 7, "the document lists too few");
    operations
}

impl Operation {
    fn of(document: &Value, path: &str, method: &str, operation: &Value) -> Self {
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let query = parameters.iter().filter(|parameter| parameter["in"] == "query");
        let body = &operation["requestBody"]["content"]["application/json"];
        let id = operation["operationId"].as_str().unwrap().to_owned();
        assert!(body.is_null() || body["example"].is_object(), "{id} has no example");
        Self {
            method: method.to_owned(),
            path: path.replace("{id}", "0193a6f0-5c1e-7d3a-9f42-6b8f0c2d1e57").replace("{provider}", "microsoft"),
            query: query.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect(),
            template: path.contains('{').then(|| path.to_owned()),
            // `{}` among the alternatives says that it works without.
            needs_token: operation["security"]
                .as_array()
                .is_some_and(|all| all.iter().all(|one| one != &Value::Object(serde_json::Map::new()))),
            takes_form: operation["requestBody"]["content"]["application/x-www-form-urlencoded"].is_object(),
            needs_body: operation["requestBody"]["required"] == true,
            example: body.get("example").cloned(),
            schema: body["schema"].clone(),
            responses: operation["responses"].clone(),
            document: document.clone(),
            id,
        }
    }

    /// All members of its body, those of objects in it too.
    pub(super) fn members(&self) -> Vec<Member> {
        let mut found = Vec::new();
        self.look_into(&self.schema, "", &mut found);
        found
    }

    fn look_into(&self, schema: &Value, outer: &str, found: &mut Vec<Member>) {
        let schema = self.resolve(schema);
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let inner = self.resolve(property);
            let name_of = |name: &str| if outer.is_empty() { name.to_owned() } else { format!("{outer}.{name}") };
            found.push(Member {
                name: name_of(name),
                kind: inner["type"].as_str().unwrap_or("string").to_owned(),
                is_required: schema["required"].as_array().into_iter().flatten().any(|required| required == name),
                is_closed: inner["additionalProperties"] == false,
            });
            self.look_into(property, &name_of(name), found);
        }
    }

    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let reference = schema["$ref"].as_str().or_else(|| schema["allOf"][0]["$ref"].as_str());
        reference.map_or(schema, |path| self.document.pointer(path.trim_start_matches('#')).unwrap())
    }

    /// The example with one member set, objects around it made where they are missing.
    pub(super) fn example_with(&self, member: &str, value: Value) -> Value {
        let mut body = self.example.clone().unwrap();
        let mut place = &mut body;
        for part in member.split('.') {
            if !place.is_object() {
                *place = Value::Object(serde_json::Map::new());
            }
            place = &mut place[part];
        }
        *place = value;
        body
    }

    /// Fails unless this is a refusal in form that the document lists for the operation.
    #[track_caller]
    pub(super) fn refused(&self, answer: Answer, what: &str) -> Answer {
        assert!((400..500).contains(&answer.status), "{}: {what}: {} {}", self.id, answer.status, answer.text());
        let code = answer.string("/code");
        let status = answer.status;
        let documented = self.resolve(&self.responses[status.to_string()]);
        let codes =
            &documented["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"]["code"]["enum"];
        let listed = codes.as_array().is_some_and(|codes| codes.iter().any(|listed| *listed == *code));
        assert!(listed, "{}: {what}: {status} {code} is not in the document", self.id);
        answer.expect_problem(status, &code)
    }
}
