//! Which operation a request is for, known before it is answered.

use std::collections::HashMap;
use std::sync::Arc;

use poem::http::Method;
use serde_json::Value;

/// Where pages and files are, which no document lists.
const PAGES: [&str; 11] = [
    "/",
    "/activate",
    "/client",
    "/confirm-email",
    "/demo",
    "/docs",
    "/openapi",
    "/pages",
    "/reset",
    "/undo-email",
    "/welcome",
];

/// What asking for a page counts as.
const PAGE: &str = "serve_page";

/// The operation of requests that match none.
pub(crate) const UNMATCHED: &str = "unmatched";

/// Method and path of every operation, as the documents list them.
#[derive(Clone, Default)]
pub(crate) struct Operations(Arc<Table>);

#[derive(Default)]
struct Table {
    literal: HashMap<String, Methods>,
    templates: Vec<(String, Methods)>,
}

type Methods = Vec<(Method, Arc<str>)>;

impl Operations {
    /// Reads the paths of a corrected document.
    pub(crate) fn of(document: &Value) -> Self {
        let mut table = Table::default();
        for (path, item) in document.get("paths").and_then(Value::as_object).into_iter().flatten() {
            let methods = methods(item);
            if path.contains('{') {
                table.templates.push((path.clone(), methods));
            } else {
                table.literal.insert(path.clone(), methods);
            }
        }
        Self(Arc::new(table))
    }

    /// The operation's id, [`PAGE`] or [`UNMATCHED`].
    pub(crate) fn find(&self, method: &Method, path: &str) -> Arc<str> {
        let wanted = if method == Method::HEAD { &Method::GET } else { method };
        self.at(path)
            .and_then(|methods| methods.iter().find(|(method, _)| method == wanted))
            .map_or_else(|| if is_page(path) { PAGE } else { UNMATCHED }.into(), |(_, id)| Arc::clone(id))
    }

    /// What an `Allow` header says of a path; empty if no operation is there.
    pub(crate) fn methods_at(&self, path: &str) -> String {
        let methods = self.at(path).into_iter().flatten().map(|(method, _)| method.as_str());
        methods.collect::<Vec<_>>().join(", ")
    }

    fn at(&self, path: &str) -> Option<&Methods> {
        let template =
            || self.0.templates.iter().find(|(template, _)| fits(template, path)).map(|(_, methods)| methods);
        self.0.literal.get(path).or_else(template)
    }
}

fn methods(item: &Value) -> Methods {
    let operations = item.as_object().into_iter().flatten();
    operations
        .filter_map(|(method, operation)| {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).ok()?;
            Some((method, operation.get("operationId")?.as_str()?.into()))
        })
        .collect()
}

fn is_page(path: &str) -> bool {
    let inside = |folder: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    PAGES.iter().any(|page| path == *page || (page.len() > 1 && inside(page)))
}

fn fits(template: &str, path: &str) -> bool {
    let (mut template, mut path) = (template.split('/'), path.split('/'));
    loop {
        match (template.next(), path.next()) {
            (None, None) => return true,
            (Some(expected), Some(found)) if expected == found || (expected.starts_with('{') && !found.is_empty()) => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn operations() -> Operations {
        Operations::of(&json!({"paths": {
            "/v1/sessions": {"get": {"operationId": "list_sessions"}},
            "/v1/sessions/{id}": {"delete": {"operationId": "revoke_session"}},
        }}))
    }

    #[test]
    fn a_literal_path_is_found_by_its_method() {
        assert_eq!(&*operations().find(&Method::GET, "/v1/sessions"), "list_sessions");
        assert_eq!(&*operations().find(&Method::HEAD, "/v1/sessions"), "list_sessions");
        assert_eq!(&*operations().find(&Method::POST, "/v1/sessions"), UNMATCHED);
    }

    #[test]
    fn a_template_takes_one_segment_that_is_not_empty() {
        assert_eq!(&*operations().find(&Method::DELETE, "/v1/sessions/7"), "revoke_session");
        assert_eq!(&*operations().find(&Method::DELETE, "/v1/sessions/"), UNMATCHED);
        assert_eq!(&*operations().find(&Method::DELETE, "/v1/sessions/7/8"), UNMATCHED);
    }

    #[test]
    fn pages_and_their_files_are_one_operation() {
        for path in ["/", "/docs", "/docs/start.js", "/client/index.js", "/demo/"] {
            assert_eq!(&*operations().find(&Method::GET, path), PAGE, "{path}");
        }
        for path in ["/documents", "/v1", "//", ""] {
            assert_eq!(&*operations().find(&Method::GET, path), UNMATCHED, "{path}");
        }
    }

    #[test]
    fn the_allow_header_lists_the_methods_of_a_path() {
        assert_eq!(operations().methods_at("/v1/sessions/7"), "DELETE");
        assert_eq!(operations().methods_at("/nowhere"), "");
    }
}
