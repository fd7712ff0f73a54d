//! Pages and files served from inside the binary.

mod assets;
mod docs;
mod mailbox;
pub(crate) mod oauth;

use std::sync::Arc;

use poem::http::header;
use poem::middleware::{Compression, SetHeader};
use poem::{Endpoint, EndpointExt, IntoEndpoint, Response, Route};
use tacit_domain::Domain;

use self::assets::{ClientPackage, Demo, Files, OwnPages};
use crate::documents::Documents;

/// All pages; those of the demo only in demo mode.
///
/// Compressed, unlike the API: nothing here is secret, so compression tells nothing (BREACH).
pub(crate) fn routes(
    domain: &Domain,
    documents: &Arc<Documents>,
    demo: bool,
) -> impl Endpoint<Output = Response> + 'static {
    let mut route = Route::new()
        .at("/", Files::<OwnPages>::page("index.html"))
        .at("/activate", Files::<OwnPages>::page("activate.html"))
        .at("/confirm-email", Files::<OwnPages>::page("confirm-email.html"))
        .at("/reset", Files::<OwnPages>::page("reset.html"))
        .at("/undo-email", Files::<OwnPages>::page("undo-email.html"))
        .at("/welcome", Files::<OwnPages>::page("welcome.html"))
        .nest("/pages", Files::<OwnPages>::folder())
        .nest("/client", Files::<ClientPackage>::folder())
        .nest("/docs", docs::files())
        .nest("/openapi", docs::documents(Arc::clone(documents)));
    if demo {
        route = route
            .at("/demo/mailbox", Files::<OwnPages>::page("mailbox.html"))
            .at("/demo/mailbox/mails", mailbox::mails(domain.mailbox.clone()).before(mailbox::of_this_machine))
            // It opens windows for providers, and wants to know when they are closed.
            .nest("/demo", Files::<Demo>::folder().with(opener_policy("same-origin-allow-popups")));
    }
    // Set outside the compression, which does not say so itself.
    let vary = SetHeader::new().appending(header::VARY, "Accept-Encoding");
    route.with(Compression::new()).with(vary).map_to_response().into_endpoint()
}

fn opener_policy(policy: &'static str) -> SetHeader {
    SetHeader::new().overriding("cross-origin-opener-policy", policy)
}
