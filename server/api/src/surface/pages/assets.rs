//! Files embedded at build time: our own pages, the client package, the demo.

use std::borrow::Cow;
use std::marker::PhantomData;

use poem::http::{StatusCode, header};
use poem::{Body, Endpoint, Request, Response, Result, RouteMethod, get};
use rust_embed::{EmbeddedFile, RustEmbed};
use tacit_shared::codes::Code;
use tacit_shared::encoding::to_hex;

use crate::http::problem::Refusal;

/// Our own pages.
#[derive(RustEmbed)]
#[folder = "src/surface/pages/static"]
pub(super) struct OwnPages;

/// The npm package `@tacit/client` as `client-wasm/build.sh` leaves it.
#[derive(RustEmbed)]
#[folder = "../../client-wasm/dist"]
#[allow_missing = true]
pub(super) struct ClientPackage;

/// The demo application.
#[derive(RustEmbed)]
#[folder = "../../web-demo/dist"]
#[allow_missing = true]
pub(super) struct Demo;

/// Said where a package was not there when the binary was built.
const NOT_BUILT: &str = "These files were not built into this binary: run `make demo`, which builds them first.\n";

/// Serves one embedded folder, or one page of it.
pub(super) struct Files<F> {
    page: Option<&'static str>,
    folder: PhantomData<fn() -> F>,
}

impl<F: RustEmbed + 'static> Files<F> {
    /// Always the same file.
    pub(super) fn page(name: &'static str) -> RouteMethod {
        get(Self { page: Some(name), folder: PhantomData })
    }

    /// Any file by its path; a folder's own path is its `index.html`.
    pub(super) fn folder() -> RouteMethod {
        get(Self { page: None, folder: PhantomData })
    }
}

impl<F: RustEmbed + 'static> Endpoint for Files<F> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let asked = request.original_uri().path();
        if self.page.is_none() && request.uri().path() == "/" && !asked.ends_with('/') {
            return Ok(to_folder(asked));
        }
        let name = self.page.unwrap_or_else(|| file_name(request.uri().path()));
        match F::get(name) {
            Some(file) => Ok(answer(name, file, &request)),
            None if F::iter().next().is_none() => Ok(not_built()),
            None => Err(Refusal::new(Code::NotFound).into()),
        }
    }
}

fn file_name(path: &str) -> &str {
    let name = path.trim_start_matches('/');
    if name.is_empty() { "index.html" } else { name }
}

/// Browsers ask again each time, and are mostly told that nothing changed; unless the name says what the content is.
fn answer(name: &str, file: EmbeddedFile, request: &Request) -> Response {
    let tag = format!("W/\"{}\"", to_hex(&file.metadata.sha256_hash()));
    let known = request.headers().get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let is_known = known.flat_map(|tags| tags.split(',')).any(|known| known.trim() == tag);
    let response = Response::builder().header(header::ETAG, tag).header(header::CACHE_CONTROL, caching(name));
    if is_known {
        return response.status(StatusCode::NOT_MODIFIED).finish();
    }
    response.content_type(media_type(name, &file)).body(body(file.data))
}

fn caching(name: &str) -> &'static str {
    if is_named_by_content(name) { "public, max-age=31536000, immutable" } else { "no-cache" }
}

/// Whether the name carries a hash: `zxcvbn.870a9721ffa7e8a3.js`.
fn is_named_by_content(name: &str) -> bool {
    name.rsplit('.').nth(1).is_some_and(|hash| hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn body(bytes: Cow<'static, [u8]>) -> Body {
    match bytes {
        Cow::Borrowed(bytes) => bytes.into(),
        Cow::Owned(bytes) => bytes.into(),
    }
}

/// By the name's ending. TypeScript's is taken for a video otherwise, and text without a charset for anything.
fn media_type(name: &str, file: &EmbeddedFile) -> String {
    let by_name = file.metadata.mimetype();
    match name.rsplit('.').next() {
        Some("ts") => "text/plain; charset=utf-8".to_owned(),
        Some("js" | "mjs") => "text/javascript; charset=utf-8".to_owned(),
        _ if by_name.starts_with("text/") => format!("{by_name}; charset=utf-8"),
        _ => by_name.to_owned(),
    }
}

fn not_built() -> Response {
    Response::builder().status(StatusCode::NOT_FOUND).content_type("text/plain; charset=utf-8").body(NOT_BUILT)
}

/// Sends a folder's path without its slash to the one with it: relative links need the slash.
fn to_folder(path: &str) -> Response {
    Response::builder().status(StatusCode::PERMANENT_REDIRECT).header(header::LOCATION, format!("{path}/")).finish()
}
