//! The caller's identities at providers.

use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use tacit_domain::identities as domain;
use tacit_domain::oauth::{Oauth, StartVisit};
use tacit_shared::codes::Code;
use tacit_shared::messages::{VisitBegun, VisitCode, VisitStart, VisitSteppedUp};
use uuid::Uuid;

use super::Tag;
use crate::http::answer::{Created, NoContent};
use crate::http::auth::BearerAuth;
use crate::http::body::Body;
use crate::http::fail::{Fail, Failures, Plain};
use crate::http::time::Moment;

/// Operations on the caller's identities.
#[derive(Clone)]
pub(crate) struct Identities {
    identities: domain::Identities,
    oauth: Oauth,
}

impl Identities {
    /// Over a live domain.
    pub(crate) fn new(identities: domain::Identities, oauth: Oauth) -> Self {
        Self { identities, oauth }
    }
}

/// An identity at a provider that is linked to the account
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct Identity {
    /// The identity
    id: Uuid,
    /// The provider's name
    provider: String,
    /// What people read
    label: String,
    /// The address the provider named last
    email: Option<String>,
    /// When it was linked
    created_at: Moment,
    /// When it last opened a session
    last_used_at: Moment,
}

impl From<domain::Identity> for Identity {
    fn from(identity: domain::Identity) -> Self {
        Self {
            id: identity.id.as_uuid(),
            provider: identity.provider,
            label: identity.label,
            email: identity.email,
            created_at: identity.created_at.into(),
            last_used_at: identity.last_used_at.into(),
        }
    }
}

/// How the caller can log in
#[derive(Object)]
struct WaysIn {
    /// By these identities, the oldest first
    identities: Vec<Identity>,
    /// Whether by a password
    has_password: bool,
}

enum Visiting {}

impl Failures for Visiting {
    const CODES: &'static [Code] = &[Code::StepUpUnavailable, Code::StepUpRequired, Code::ProviderUnknown];
}

enum Linking {}

impl Failures for Linking {
    const CODES: &'static [Code] =
        &[Code::OauthCodeInvalid, Code::StepUpRequired, Code::IdentityTaken, Code::TooManyRequests];
}

enum SteppingUp {}

impl Failures for SteppingUp {
    const CODES: &'static [Code] = &[Code::OauthCodeInvalid, Code::IdentityUnknown, Code::TooManyRequests];
}

enum Unlinking {}

impl Failures for Unlinking {
    const CODES: &'static [Code] =
        &[Code::StepUpRequired, Code::IdentityUnknown, Code::LastWayIn, Code::TooManyRequests];
}

#[OpenApi(prefix_path = "/v1/identities", tag = "Tag::Identities")]
impl Identities {
    /// List the caller's identities
    ///
    /// And whether there is a password: how somebody can log in to the account.
    #[oai(path = "/", method = "get", operation_id = "list_identities")]
    async fn list(&self, caller: BearerAuth) -> Result<Json<WaysIn>, Fail<Plain>> {
        let ways = self.identities.list(&caller.0).await?;
        let identities = ways.identities.into_iter().map(Identity::from).collect();
        Ok(Json(WaysIn { identities, has_password: ways.has_password }))
    }

    /// Begin a visit to a provider
    ///
    /// To link an identity there, which asks for a step-up first, or to step up by it: then the provider is asked to prove
    /// anew who it is. Send the browser to `url`; it comes back with a one-time code for this session only.
    #[oai(path = "/visits", method = "post", operation_id = "begin_identity_visit")]
    async fn visit(&self, caller: BearerAuth, body: Body<VisitStart>) -> Result<Created<VisitBegun>, Fail<Visiting>> {
        let url = self.oauth.begin_visit(&caller.0, StartVisit::try_from(body.0)?).await?;
        Ok(Created(VisitBegun { url }))
    }

    /// Link an identity
    ///
    /// With the code of a visit for `link`, within ten minutes of a step-up. A mail tells the owner.
    #[oai(path = "/", method = "post", operation_id = "link_identity")]
    async fn link(&self, caller: BearerAuth, body: Body<VisitCode>) -> Result<Created<Identity>, Fail<Linking>> {
        Ok(Created(self.identities.link(&caller.0, body.0).await?.into()))
    }

    /// Step up by a provider
    ///
    /// With the code of a visit for `step_up` by a linked identity: this session may do for ten minutes what otherwise answers
    /// 403 `step_up_required`.
    #[oai(path = "/step-up", method = "post", operation_id = "step_up_by_provider")]
    async fn step_up(
        &self,
        caller: BearerAuth,
        body: Body<VisitCode>,
    ) -> Result<Json<VisitSteppedUp>, Fail<SteppingUp>> {
        let good_for = self.oauth.step_up(&caller.0, body.0).await?;
        Ok(Json(VisitSteppedUp { expires_in: good_for.as_secs() }))
    }

    /// Unlink an identity
    ///
    /// Within ten minutes of a step-up. Sessions that its provider opened end, but for the one that asks. The last way in to
    /// an account stays. A mail tells the owner.
    #[oai(path = "/:id", method = "delete", operation_id = "unlink_identity")]
    async fn unlink(
        &self,
        caller: BearerAuth,
        /// The identity
        id: Path<Uuid>,
    ) -> Result<NoContent, Fail<Unlinking>> {
        self.identities.unlink(&caller.0, id.0.into()).await?;
        Ok(NoContent)
    }
}
