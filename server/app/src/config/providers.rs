//! Providers people may sign in with: a section each, `[providers.NAME]`

use secrecy::SecretString;
use tacit_domain::providers::{
    ClientKey, ClientProof, EmailTrust, Endpoints, ProviderSettings, ResponseMode, StepUpBy,
};
use tacit_domain::seams::Reach;
use url::Url;
use uuid::Uuid;

use super::origin::is_local_host;
use super::reader::Reader;
use super::setting::{Address, Preset, Setting};
use super::{Origin, Scope};

const SECTION: &str = "providers";

/// Longest name; it stands in addresses.
const NAME_MAX: usize = 32;

/// Everything about providers, read and checked.
pub(super) fn read(r: &mut Reader, public_url: &Origin, scope: Scope) -> Vec<ProviderSettings> {
    let names = r.names_below(SECTION);
    names.into_iter().filter_map(|name| Entry::new(&name, public_url, scope).read(r)).collect()
}

/// One section.
struct Entry<'a> {
    name: &'a str,
    base: String,
    may_be_local: bool,
    scope: Scope,
}

impl<'a> Entry<'a> {
    fn new(name: &'a str, public_url: &Origin, scope: Scope) -> Self {
        Self { name, base: public_url.show(), may_be_local: public_url.is_local(), scope }
    }

    fn key(&self, word: &str) -> String {
        format!("{SECTION}.{}.{word}", self.name)
    }

    fn text(&self, r: &mut Reader, word: &str, default: &str) -> String {
        r.value(self.key(word), default.to_owned())
    }

    fn read(&self, r: &mut Reader) -> Option<ProviderSettings> {
        let sound = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
        if self.name.len() > NAME_MAX || !self.name.bytes().all(sound) {
            r.conflict(&[&self.key("client_id")], "the name may have 32 letters, digits, - and _ at most");
        }
        let preset = r.value(self.key("preset"), Preset::by_name(self.name));
        let usual = Usual::of(preset);
        let issuer: Option<String> = match usual.issuer {
            Some(issuer) => Some(self.text(r, "issuer", issuer)),
            None => r.optional(self.key("issuer"), ""),
        };
        let client_id: Option<String> = r.optional(self.key("client_id"), "");
        let label = self.text(r, "label", usual.label.unwrap_or(self.name));
        let scopes: Vec<String> = r.list(self.key("scopes"));
        let internal = r.value(self.key("internal"), false);
        let client_proof = self.client_proof(r, preset);
        let tenants = self.tenants(r);
        let email_trust = r.value(self.key("trust_email"), usual.email_trust);
        let response_mode = r.value(self.key("response_mode"), usual.response_mode);
        let step_up = r.value(self.key("step_up"), usual.step_up);
        let endpoints = self.endpoints(r, &usual);
        let metadata: Option<Address> = r.optional(self.key("metadata"), "below issuer");
        let subject_claims: Vec<String> = r.list(self.key("claims.subject"));
        let email_claim = self.text(r, "claims.email", "email");
        let name_claim = self.text(r, "claims.name", "name");
        let mobile_client_id = r.optional(self.key("mobile_client_id"), "");
        let mobile_redirect_uris = r.list(self.key("mobile_redirect_uris"));

        let (Some(issuer), Some(client_id)) = (issuer, client_id) else {
            r.conflict(&[&self.key("client_id"), &self.key("issuer")], "issuer and client_id are needed");
            return None;
        };
        let discovery = match (&endpoints, metadata) {
            (Some(_), _) => None,
            (None, Some(address)) => Some(address.0),
            (None, None) => self.below_issuer(r, &issuer, usual.metadata),
        };
        let reach = self.reach(r, &issuer, discovery.as_ref(), endpoints.as_ref(), internal)?;
        Some(ProviderSettings {
            name: self.name.to_owned(),
            label,
            issuer,
            issuer_is_openid: preset != Preset::GitHub && preset != Preset::OAuth2,
            discovery,
            endpoints,
            reach,
            client_id,
            client_proof,
            scopes: or_usual(scopes, usual.scopes),
            response_mode,
            tenants,
            email_trust,
            step_up,
            subject_claims: or_usual(subject_claims, usual.subject_claims),
            email_claim,
            name_claim,
            mobile_client_id,
            mobile_redirect_uris,
        })
    }

    fn client_proof(&self, r: &mut Reader, preset: Preset) -> ClientProof {
        let secret = r.secret(self.key("client_secret"));
        let pem = self.private_key(r);
        let id: Option<String> = r.optional(self.key("private_key_id"), "");
        let team: Option<String> = r.optional(self.key("team_id"), "");
        let key = pem.map(|pem| ClientKey { pem, id });
        if key.as_ref().is_some_and(|key| !key.is_usable()) {
            let message = "expected a private key on P-256, in PEM (PKCS #8, BEGIN PRIVATE KEY)";
            r.conflict(&[&self.key("private_key")], message);
            return ClientProof::None;
        }
        match (secret, key, team) {
            (Some(_), Some(_), _) => {
                r.conflict(&[&self.key("client_secret")], "give either client_secret or private_key, not both");
                ClientProof::None
            }
            (Some(secret), None, _) => ClientProof::Secret(secret),
            (None, Some(key), Some(team)) => ClientProof::AppleKey(key, team),
            (None, Some(_), None) if preset == Preset::Apple => {
                r.conflict(&[&self.key("team_id")], "Apple's keys need team_id and private_key_id");
                ClientProof::None
            }
            (None, Some(key), None) => ClientProof::Key(key),
            (None, None, _) => ClientProof::None,
        }
    }

    /// The key itself, or the file it is in.
    fn private_key(&self, r: &mut Reader) -> Option<SecretString> {
        let value = r.secret(self.key("private_key"));
        let file: Option<std::path::PathBuf> = r.optional(self.key("private_key_file"), "");
        let Some(file) = file.filter(|_| self.scope.has_providers()) else { return value };
        match std::fs::read_to_string(&file) {
            Ok(text) => Some(SecretString::from(text)),
            Err(error) => {
                r.conflict(&[&self.key("private_key_file")], format!("cannot be read: {error}"));
                None
            }
        }
    }

    fn tenants(&self, r: &mut Reader) -> Vec<Uuid> {
        let texts: Vec<String> = r.list(self.key("tenants"));
        let ids: Vec<Uuid> = texts.iter().filter_map(|text| Uuid::parse_str(text).ok()).collect();
        if ids.len() != texts.len() {
            r.conflict(&[&self.key("tenants")], "expected tenant ids, such as 8d2c8b1e-4c1f-4c59-9c0e-2a4b6d8f0a1c");
        }
        ids
    }

    fn endpoints(&self, r: &mut Reader, usual: &Usual) -> Option<Endpoints> {
        let mut one = |word: &str, at: Option<&str>| {
            let given: Option<Address> = r.optional(self.key(word), at.unwrap_or_default());
            given.map(|address| address.0).or_else(|| at.and_then(|at| Url::parse(at).ok()))
        };
        let fixed = usual.endpoints;
        let authorization = one("authorization_endpoint", fixed.map(|it| it.authorization));
        let token = one("token_endpoint", fixed.map(|it| it.token));
        let user_info = one("userinfo_endpoint", fixed.map(|it| it.user_info));
        let emails = one("emails_endpoint", fixed.map(|it| it.emails));
        let keys = one("jwks_uri", None);
        let (authorization, token) = (authorization?, token?);
        Some(Endpoints { authorization, token, user_info, emails, keys })
    }

    fn below_issuer(&self, r: &mut Reader, issuer: &str, usual: Option<&str>) -> Option<Url> {
        let address = usual.filter(|_| issuer.starts_with("https://login.microsoftonline.com/{tenantid}/"));
        let below = || format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let address = address.map_or_else(below, str::to_owned);
        let parsed = Url::parse(&address).ok();
        if parsed.is_none() {
            r.conflict(&[&self.key("issuer")], "expected an address, such as https://accounts.example.com");
        }
        parsed
    }

    /// How far away the provider may be. By http only on this machine, and only where we are reached there ourselves.
    fn reach(
        &self,
        r: &mut Reader,
        issuer: &str,
        discovery: Option<&Url>,
        endpoints: Option<&Endpoints>,
        internal: bool,
    ) -> Option<Reach> {
        let issuer_url = Url::parse(&issuer.replace("{tenantid}", "x"));
        let Ok(issuer_url) = issuer_url else {
            r.conflict(&[&self.key("issuer")], "expected an address, such as https://accounts.example.com");
            return None;
        };
        let is_local = issuer_url.host_str().is_some_and(is_local_host);
        let reach = match (is_local, internal) {
            (true, _) if self.may_be_local => Reach::ThisMachine,
            (_, true) => Reach::Internal,
            _ => Reach::Public,
        };
        let given = endpoints.into_iter().flat_map(|it| {
            [Some(&it.authorization), Some(&it.token), it.user_info.as_ref(), it.emails.as_ref(), it.keys.as_ref()]
        });
        let all = given.flatten().chain(discovery).chain([&issuer_url]);
        if all.into_iter().any(|url| !reach.allows(url)) || (is_local && reach != Reach::ThisMachine) {
            let message =
                format!("must be https; on this machine, and by http, only where public_url ({}) is", self.base);
            r.conflict(&[&self.key("issuer")], message);
            return None;
        }
        Some(reach)
    }
}

fn or_usual(given: Vec<String>, usual: &[&str]) -> Vec<String> {
    if given.is_empty() { usual.iter().map(|text| (*text).to_owned()).collect() } else { given }
}

/// What a preset brings along.
struct Usual {
    label: Option<&'static str>,
    issuer: Option<&'static str>,
    metadata: Option<&'static str>,
    endpoints: Option<Fixed>,
    scopes: &'static [&'static str],
    subject_claims: &'static [&'static str],
    email_trust: EmailTrust,
    response_mode: ResponseMode,
    step_up: StepUpBy,
}

/// Endpoints that are published nowhere but in a manual.
#[derive(Clone, Copy)]
struct Fixed {
    authorization: &'static str,
    token: &'static str,
    user_info: &'static str,
    emails: &'static str,
}

impl Usual {
    const PLAIN: Self = Self {
        label: None,
        issuer: None,
        metadata: None,
        endpoints: None,
        scopes: &["openid", "email", "profile"],
        subject_claims: &["sub"],
        email_trust: EmailTrust::Never,
        response_mode: ResponseMode::Query,
        step_up: StepUpBy::AuthTime,
    };

    const fn of(preset: Preset) -> Self {
        match preset {
            Preset::OpenId => Self::PLAIN,
            Preset::OAuth2 => Self { scopes: &[], step_up: StepUpBy::None, ..Self::PLAIN },
            Preset::Microsoft => Self {
                label: Some("Microsoft"),
                issuer: Some("https://login.microsoftonline.com/{tenantid}/v2.0"),
                metadata: Some("https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration"),
                // `sub` is another one for each application: `oid` is the person, within the tenant.
                subject_claims: &["tid", "oid"],
                email_trust: EmailTrust::Microsoft,
                ..Self::PLAIN
            },
            Preset::Google => Self {
                label: Some("Google"),
                issuer: Some("https://accounts.google.com"),
                email_trust: EmailTrust::Google,
                ..Self::PLAIN
            },
            Preset::Apple => Self {
                label: Some("Apple"),
                issuer: Some("https://appleid.apple.com"),
                scopes: &["openid", "email", "name"],
                email_trust: EmailTrust::Apple,
                response_mode: ResponseMode::FormPost,
                // Its tokens say nothing of when.
                step_up: StepUpBy::None,
                ..Self::PLAIN
            },
            Preset::GitHub => Self {
                label: Some("GitHub"),
                issuer: Some("https://github.com"),
                endpoints: Some(Fixed {
                    authorization: "https://github.com/login/oauth/authorize",
                    token: "https://github.com/login/oauth/access_token",
                    user_info: "https://api.github.com/user",
                    emails: "https://api.github.com/user/emails",
                }),
                scopes: &["read:user", "user:email"],
                subject_claims: &["id"],
                email_trust: EmailTrust::Claim,
                step_up: StepUpBy::None,
                ..Self::PLAIN
            },
        }
    }
}

impl Setting for Address {
    const IS_TEXT: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        let expected = "expected an address, such as https://accounts.example.com/token";
        let url = Url::parse(text).map_err(|_| expected.to_owned())?;
        if url.has_host() { Ok(Self(url)) } else { Err(expected.to_owned()) }
    }

    fn show(&self) -> String {
        self.0.to_string()
    }
}
