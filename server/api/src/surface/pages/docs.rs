//! Swagger UI over our own documents, without a network, and the documents themselves.

use std::sync::{Arc, LazyLock};

use poem::http::header;
use poem::{Endpoint, Request, Response, Result, Route, RouteMethod, get};
use poem_openapi::OpenApiService;
use tacit_shared::codes::Code;

use crate::documents::Documents;
use crate::http::problem::Refusal;

/// Like every page's, but Swagger UI writes `style` attributes and shows images of its own as data.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PAGE: &str = include_str!("docs/index.html");
const START: &str = include_str!("docs/start.js");

/// Swagger UI's two files. poem-openapi carries them inside one page with inline script and style, which a content
/// policy worth having forbids; they are cut out once, when the first reader comes.
static SWAGGER_UI: LazyLock<SwaggerUi> =
    LazyLock::new(|| SwaggerUi::cut_from(&OpenApiService::new((), "", "").swagger_ui_html()));

struct SwaggerUi {
    script: String,
    style: String,
}

impl SwaggerUi {
    fn cut_from(page: &str) -> Self {
        let style = between(page, "<style charset=\"UTF-8\">", "</style>");
        let script = between(page, "<script charset=\"UTF-8\">", "</script>");
        Self { script: script.to_owned(), style: style.to_owned() }
    }
}

/// What stands between two marks; nothing if they are not there (a test holds that they are).
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let Some((_, rest)) = text.split_once(start) else { return "" };
    rest.split_once(end).map_or("", |(inside, _)| inside)
}

/// The page at `/docs`, and what it loads.
pub(super) fn files() -> Route {
    Route::new()
        .at("/", get(poem::endpoint::make_sync(|_| file("text/html; charset=utf-8", PAGE))))
        .at("/swagger-ui.js", script(|| &SWAGGER_UI.script))
        .at("/start.js", script(|| START))
        .at("/swagger-ui.css", get(poem::endpoint::make_sync(|_| file("text/css; charset=utf-8", &SWAGGER_UI.style))))
}

fn script(text: fn() -> &'static str) -> RouteMethod {
    get(poem::endpoint::make_sync(move |_| file("text/javascript; charset=utf-8", text())))
}

fn file(media_type: &str, text: &'static str) -> Response {
    Response::builder()
        .content_type(media_type)
        .header(header::CACHE_CONTROL, "no-cache")
        .header(header::CONTENT_SECURITY_POLICY, CONTENT_POLICY)
        .body(text.as_bytes())
}

/// The documents, below `/openapi/`.
pub(super) fn documents(documents: Arc<Documents>) -> RouteMethod {
    get(DocumentFiles(documents))
}

struct DocumentFiles(Arc<Documents>);

impl Endpoint for DocumentFiles {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let name = request.uri().path().trim_start_matches('/');
        let text = self.0.text(name).ok_or(Refusal::new(Code::NotFound))?;
        let response = Response::builder().content_type("application/json").header(header::CACHE_CONTROL, "no-cache");
        Ok(response.body(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swagger_ui_is_found_inside_the_page_it_comes_in() {
        assert!(SWAGGER_UI.script.contains("SwaggerUIBundle"));
        assert!(SWAGGER_UI.style.contains(".swagger-ui"));
    }

    #[test]
    fn the_page_loads_nothing_from_elsewhere() {
        assert!(!PAGE.contains("//"));
        assert!(!SWAGGER_UI.style.contains("@import"));
        assert!(!SWAGGER_UI.style.contains("url(http"));
    }
}
