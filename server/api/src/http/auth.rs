//! From a bearer token to the person who asks. The session is looked up on each request: an ended one is refused at
//! once, however long its token still lives.

use poem::Request;
use poem_openapi::SecurityScheme;
use poem_openapi::auth::Bearer;
use tacit_domain::Domain;
use tacit_domain::caller::Caller;
use tacit_domain::fault::Fault;
use tacit_shared::codes::{Class, Code};

use super::fail::report;
use super::problem::Refusal;
use super::source;

/// The access token that `login/proof` gave out
#[derive(SecurityScheme)]
#[oai(ty = "bearer", rename = "JWTAuth", bearer_format = "JWT", checker = "authenticate")]
pub(crate) struct JwtAuth(pub Caller);

/// The access token that a login gave out
#[derive(SecurityScheme)]
#[oai(ty = "bearer", rename = "bearer", bearer_format = "JWT", checker = "authenticate")]
pub(crate) struct BearerAuth(pub Caller);

async fn authenticate(request: &Request, bearer: Bearer) -> poem::Result<Caller> {
    let domain = request.data::<Domain>().ok_or(Refusal::new(Code::Internal))?;
    let checked = domain.sessions.authenticate(&bearer.token, source::origin_of(request)).await;
    checked.map_err(|fault| {
        if matches!(fault.code().class(), Class::Internal | Class::Unavailable) {
            report(&fault);
        }
        Refusal::new(fault.code()).with_retry_after(fault.retry_after()).into()
    })
}
