//! What those who run the server ask it: health, metrics, public keys.

use std::sync::Arc;

use poem::http::header;
use poem_openapi::auth::Bearer;
use poem_openapi::payload::{Json, PlainText, Response};
use poem_openapi::types::ParseFromJSON;
use poem_openapi::{ApiResponse, Object, OpenApi, SecurityScheme, Tags};
use tacit_domain::health::{Health, Report};
use tacit_domain::signing_keys::SigningKeys;
use tacit_domain::{Domain, Role};
use tacit_shared::codes::Code;

use crate::http::auth::BearerAuth;
use crate::http::fail::{Fail, Failures, Plain};
use crate::settings::Metrics;

/// All operations of this surface.
pub(crate) type Api = Ops;

/// What its document says of itself.
pub(crate) const DESCRIPTION: &str = "Health, metrics, and the public keys that verify access tokens.";

/// The operations over a live domain.
pub(crate) fn api(domain: &Domain, metrics: Option<Arc<Metrics>>) -> Api {
    Ops { health: domain.health.clone(), signing_keys: domain.signing_keys.clone(), metrics }
}

/// Operations of the server itself.
#[derive(Clone)]
pub(crate) struct Ops {
    health: Health,
    signing_keys: SigningKeys,
    metrics: Option<Arc<Metrics>>,
}

#[derive(Tags)]
enum Tag {
    /// The server itself
    Operations,
}

/// An administrator's access token, to see the parts
#[expect(clippy::large_enum_variant, reason = "lives as long as one request; the derive takes no box")]
#[derive(SecurityScheme)]
enum MaybeCaller {
    Bearer(BearerAuth),
    #[oai(fallback)]
    Nobody,
}

/// The token of the server's configuration (`metrics.token`)
#[derive(SecurityScheme)]
#[oai(ty = "bearer", rename = "metrics_token")]
struct MetricsToken(Bearer);

/// Whether the server can do its work
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct HealthView {
    /// `ready` or `not_ready`
    status: String,
    /// The state of each part, for administrators
    parts: Option<Parts>,
}

/// The state of each part
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct Parts {
    /// Whether the database answers
    database: bool,
    /// Whether there is a key that signs
    signing_keys: bool,
    /// Where password proofs are computed
    srp_pool: PoolView,
    /// Mails on their way
    mail: MailView,
}

/// Where password proofs are computed
#[derive(Object)]
struct PoolView {
    /// Places taken
    taken: u64,
    /// Places there are
    places: u64,
    /// What multiplies: `ifma`, `aws-lc` or `crypto-bigint`
    kernel: String,
    /// Challenges that are half computed ahead
    pairs: u64,
    /// Accounts whose next login costs less
    combs: u64,
}

/// Mails on their way
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct MailView {
    /// Mails not sent yet, and resets asked for a moment ago; absent if the database could not be asked
    waiting: Option<u64>,
}

#[derive(ApiResponse)]
enum HealthAnswer {
    /// The server is ready
    #[oai(status = 200)]
    Ready(Json<HealthView>),
    /// The server is not ready
    #[oai(status = 503)]
    NotReady(Json<HealthView>),
}

/// Public keys as a JWK Set (RFC 7517)
#[derive(Object)]
struct JwkSet {
    /// The keys that access tokens in force may be signed with
    keys: Vec<Jwk>,
}

/// A public key
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct Jwk {
    /// Its id, the `kid` in a token's header
    kid: String,
    /// Its type: `OKP` or `EC`
    kty: String,
    /// Its algorithm: `EdDSA` or `ES256`
    alg: String,
    /// What it is for: `sig`
    #[oai(rename = "use")]
    purpose: String,
    /// The curve: `Ed25519` or `P-256`
    crv: String,
    /// The point, or its first coordinate
    x: String,
    /// The second coordinate, on P-256
    y: Option<String>,
}

enum Measuring {}

impl Failures for Measuring {
    const CODES: &'static [Code] = &[Code::NotFound];
}

#[OpenApi(tag = "Tag::Operations")]
impl Ops {
    /// Show whether the server is ready
    ///
    /// For load balancers and for people. Administrators also see the state of each part.
    #[oai(path = "/health", method = "get", operation_id = "get_health")]
    async fn health(&self, caller: MaybeCaller) -> Result<HealthAnswer, Fail<Plain>> {
        let report = self.health.report().await;
        let ready = report.is_ready();
        let status = if ready { "ready" } else { "not_ready" };
        let parts = if caller.is_admin() { Some(Parts::new(report, self.health.open_mails().await)) } else { None };
        let view = Json(HealthView { status: status.to_owned(), parts });
        Ok(if ready { HealthAnswer::Ready(view) } else { HealthAnswer::NotReady(view) })
    }

    /// Show the metrics
    ///
    /// In the text format of Prometheus. There only if the configuration sets a token; metrics can have a listener of
    /// their own instead.
    #[oai(path = "/metrics", method = "get", operation_id = "get_metrics")]
    #[expect(clippy::unused_async, reason = "poem-openapi awaits every operation")]
    async fn metrics(&self, token: MetricsToken) -> Result<PlainText<String>, Fail<Measuring>> {
        match &self.metrics {
            Some(metrics) if metrics.opens_with(&token.0.token) => Ok(PlainText(metrics.render())),
            Some(_) => Err(Fail::refuse(Code::Unauthenticated)),
            None => Err(Fail::refuse(Code::NotFound)),
        }
    }

    /// List the public keys
    ///
    /// Whoever verifies access tokens takes them from here, and again when a token names a key it does not know.
    #[oai(path = "/.well-known/jwks.json", method = "get", operation_id = "get_jwks")]
    async fn jwks(&self) -> Result<Response<Json<JwkSet>>, Fail<Plain>> {
        let keys = self.signing_keys.jwks().await?;
        let keys = serde_json::to_value(keys).ok().and_then(|keys| JwkSet::parse_from_json(Some(keys)).ok());
        let keys = keys.ok_or_else(|| Fail::refuse(Code::Internal))?;
        Ok(Response::new(Json(keys)).header(header::CACHE_CONTROL, "public, max-age=300"))
    }
}

impl MaybeCaller {
    fn is_admin(&self) -> bool {
        matches!(self, Self::Bearer(BearerAuth(caller)) if caller.role() == Role::Admin)
    }
}

impl Parts {
    fn new(report: Report, open_mails: Option<u64>) -> Self {
        let srp = report.srp;
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        Self {
            database: report.database,
            signing_keys: report.signing_keys,
            srp_pool: PoolView {
                taken: count(srp.taken),
                places: count(srp.places),
                kernel: srp.kernel.to_owned(),
                pairs: count(srp.pairs),
                combs: count(srp.combs),
            },
            mail: MailView { waiting: open_mails },
        }
    }
}
