//! What an operator says of a provider. `app` builds it from the configuration.

use secrecy::SecretString;
use url::Url;
use uuid::Uuid;

use crate::seams::Reach;

/// The place of the tenant in an issuer that stands for many (Microsoft's).
const TENANT: &str = "{tenantid}";

/// One provider.
#[derive(Clone)]
pub struct ProviderSettings {
    /// Its name here: in addresses and in the list of providers.
    pub name: String,
    /// What people read.
    pub label: String,
    /// Who speaks in its tokens; with `{tenantid}` in it where each tenant is an issuer of its own.
    pub issuer: String,
    /// Whether it speaks OpenID Connect; otherwise it is plain OAuth 2, whose user information is asked for.
    pub issuer_is_openid: bool,
    /// Where its metadata is; absent where the endpoints are given.
    pub discovery: Option<Url>,
    /// Its endpoints, where it publishes no metadata.
    pub endpoints: Option<Endpoints>,
    /// Where its servers may be.
    pub reach: Reach,
    /// What we are called there.
    pub client_id: String,
    /// How we show that we are.
    pub client_proof: ClientProof,
    /// What we ask for.
    pub scopes: Vec<String>,
    /// How its answer comes back.
    pub response_mode: ResponseMode,
    /// Tenants whose people may come; all, if it is empty.
    pub tenants: Vec<Uuid>,
    /// How far its word about an address goes.
    pub email_trust: EmailTrust,
    /// How its people show anew who they are.
    pub step_up: StepUpBy,
    /// Claims that say who somebody is, together; usually `sub`.
    pub subject_claims: Vec<String>,
    /// The claim with the address.
    pub email_claim: String,
    /// The claim with the name.
    pub name_claim: String,
    /// What an application of its own is called there, where that is another client, without a secret.
    pub mobile_client_id: Option<String>,
    /// Addresses to which codes for applications may be sent.
    pub mobile_redirect_uris: Vec<String>,
}

/// The endpoints of a provider that publishes no metadata.
#[derive(Clone)]
pub struct Endpoints {
    /// Where browsers are sent.
    pub authorization: Url,
    /// Where codes are exchanged.
    pub token: Url,
    /// Where it says who somebody is.
    pub user_info: Option<Url>,
    /// Where it lists somebody's addresses, as GitHub does.
    pub emails: Option<Url>,
    /// Where its keys are.
    pub keys: Option<Url>,
}

/// How we show a provider that we are its client.
#[derive(Clone)]
pub enum ClientProof {
    /// Not at all: PKCE alone.
    None,
    /// By a secret.
    Secret(SecretString),
    /// By a token signed with our key (RFC 7523).
    Key(ClientKey),
    /// By such a token in the place of the secret, as Apple wants it; issued by this team.
    AppleKey(ClientKey, String),
}

/// A private key that a provider knows the public half of.
#[derive(Clone)]
pub struct ClientKey {
    /// On the curve P-256, in PEM, PKCS #8.
    pub pem: SecretString,
    /// What the provider calls it.
    pub id: Option<String>,
}

impl ClientKey {
    /// Whether the key can sign (ES256).
    #[must_use]
    pub fn is_usable(&self) -> bool {
        // The configuration is read before anything else is set up; a second call finds the first one's provider.
        jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default().ok();
        super::exchange::signing_key(self).is_some()
    }
}

/// How a provider's answer comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseMode {
    /// In the address of a GET.
    Query,
    /// In the body of a POST from the provider's page.
    FormPost,
}

/// How far a provider's word about an address goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailTrust {
    /// Not at all.
    Never,
    /// `email_verified` counts as what it is: the person read mail there at some time. It makes an account and links none.
    Claim,
    /// `email_verified` binds: the operator says that this provider speaks for the addresses it names.
    Binding,
    /// Google's rules: it speaks for gmail.com and for the domains it hosts (`hd`).
    Google,
    /// Microsoft's: it speaks for domains whose ownership it verified (`xms_edov`).
    Microsoft,
    /// Apple's: it speaks for its own domains.
    Apple,
}

/// How a provider's people show anew who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepUpBy {
    /// The provider is asked with `max_age=0`, and its `auth_time` is checked.
    AuthTime,
    /// A visit to the provider alone counts; whether it asked for anything is not known.
    Visit,
    /// Not with this provider.
    None,
}

impl ProviderSettings {
    /// Whether each tenant is an issuer of its own.
    #[must_use]
    pub fn has_tenants(&self) -> bool {
        self.issuer.contains(TENANT)
    }

    /// The issuer of a tenant.
    pub(crate) fn issuer_of(&self, tenant: &str) -> String {
        self.issuer.replace(TENANT, tenant)
    }

    /// Whether a text may be the issuer's, of whichever tenant.
    pub(crate) fn is_issuer(&self, text: &str) -> bool {
        match self.issuer.split_once(TENANT) {
            None => self.issuer == text,
            Some((before, after)) => text
                .strip_prefix(before)
                .and_then(|rest| rest.strip_suffix(after))
                .is_some_and(|tenant| tenant == TENANT || self.admits(tenant)),
        }
    }

    /// Whether people of a tenant may come.
    pub(crate) fn admits(&self, tenant: &str) -> bool {
        // In the one written form: the same tenant otherwise written would be another subject.
        let parsed = Uuid::parse_str(tenant).ok().filter(|id| id.hyphenated().to_string() == tenant);
        parsed.is_some_and(|id| self.tenants.is_empty() || self.tenants.contains(&id))
    }
}
