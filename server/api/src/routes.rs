//! Everything put together: surfaces inside, what every request passes through around them.

use std::sync::Arc;

use poem::middleware::CatchPanic;
use poem::{Endpoint, EndpointExt, IntoEndpoint, Response, Route, get};
use poem_openapi::{OpenApi, OpenApiService};
use tacit_domain::Domain;

use crate::documents::{Documents, documents};
use crate::http::cookies::RefreshCookie;
use crate::http::cors::Cors;
use crate::http::counts::Counts;
use crate::http::headers::SecurityHeaders;
use crate::http::limits::BodyLimit;
use crate::http::operations::Operations;
use crate::http::origins::Origins;
use crate::http::rate_limits::RateLimits;
use crate::http::settled::Settled;
use crate::http::trace::Trace;
use crate::http::translate::{Problems, panicked};
use crate::settings::{ApiSettings, Render};
use crate::surface::{ops, pages, platform, srp};

/// The whole server as one endpoint.
#[must_use]
pub fn routes(domain: &Domain, settings: ApiSettings) -> impl Endpoint<Output = Response> + 'static {
    let documents = documents();
    let operations = documents.last().map(|(_, all)| Operations::of(all)).unwrap_or_default();
    let documents = Arc::new(Documents::new(&documents));
    let origins = Origins::new(&settings.public_url, &settings.allowed_origins);
    let https = settings.public_url.scheme() == "https";
    let trace = Trace {
        operations: operations.clone(),
        trusted_proxies: settings.trusted_proxies.into(),
        entropy: settings.entropy,
        counts: Counts::default(),
        warned: Arc::default(),
    };

    let pages = pages::routes(domain, &documents, settings.demo);
    let surfaces = surfaces(domain, &origins, RefreshCookie::new(&settings.public_url), settings.metrics.map(Arc::new));
    surfaces
        .nest_no_strip("/", pages)
        .data(domain.clone())
        .with(BodyLimit(settings.body_limit))
        .with(CatchPanic::new().with_handler(panicked))
        .with(Problems::new(operations))
        .with(Settled(domain.commits.clone()))
        .with(RateLimits(domain.client_limits.clone()))
        .with(Cors(origins))
        .with(SecurityHeaders { https })
        .with(trace)
}

/// Metrics on a listener of their own, for everybody who reaches it.
#[must_use]
pub fn metrics_routes(render: Render) -> impl Endpoint<Output = Response> + 'static {
    let page = poem::endpoint::make_sync(move |_| {
        Response::builder().content_type("text/plain; version=0.0.4; charset=utf-8").body(render())
    });
    Route::new()
        .at("/metrics", get(page))
        .with(Problems::new(Operations::default()))
        .with(SecurityHeaders { https: false })
        .into_endpoint()
}

fn surfaces(
    domain: &Domain,
    origins: &Origins,
    cookie: RefreshCookie,
    metrics: Option<Arc<crate::settings::Metrics>>,
) -> Route {
    let has_metrics = metrics.is_some();
    let ops = Arc::new(service(ops::api(domain, metrics)));
    let route = Route::new()
        .nest_no_strip("/api/auth", service(srp::api(domain, origins, cookie)))
        .nest_no_strip("/v1", service(platform::api(domain, origins, cookie)))
        .at("/health", Arc::clone(&ops))
        .at("/.well-known/jwks.json", Arc::clone(&ops));
    if has_metrics { route.at("/metrics", ops) } else { route }
}

fn service<A: OpenApi + 'static>(api: A) -> impl Endpoint<Output = Response> + 'static {
    OpenApiService::new(api, "", "").into_endpoint()
}
