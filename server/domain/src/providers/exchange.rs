//! From a code to a person: the token endpoint (RFC 6749 §4.1.3), the token, the user information.

use base64ct::{Base64, Encoding as _};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};
use tacit_shared::Entropy;
use tacit_shared::encoding::to_base64url;
use tacit_store::Timestamp;
use url::Url;
use url::form_urlencoded::Serializer;
use zeroize::Zeroizing;

use super::claims::Claims;
use super::error::cleaned;
use super::id_token::Expected;
use super::metadata::{LONGEST, Metadata, json_of};
use super::person::{Person, primary_address};
use super::settings::{ClientKey, ClientProof};
use super::{Provider, ProviderError};
use crate::core::Core;
use crate::seams::{FetchRequest, Fetched};

/// How long a token with which we show who we are holds, in seconds.
const ASSERTION_LIFE: i64 = 60;
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How a private key in PEM begins and ends (RFC 7468 §10): PKCS #8, not encrypted.
const PEM_BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const PEM_END: &str = "-----END PRIVATE KEY-----";
/// Who Apple's client secrets are for.
const APPLE: &str = "https://appleid.apple.com";

/// A code as it came back, and what belongs to it.
pub(crate) struct Grant<'a> {
    pub(crate) code: &'a str,
    pub(crate) verifier: &'a str,
    pub(crate) redirect_uri: &'a str,
    /// The client of an application, which has no secret; absent for our own.
    pub(crate) public_client: Option<&'a str>,
}

#[derive(Deserialize)]
struct Tokens {
    #[serde(default, deserialize_with = "zeroizing")]
    access_token: Option<Zeroizing<String>>,
    #[serde(default, deserialize_with = "zeroizing")]
    id_token: Option<Zeroizing<String>>,
    error: Option<String>,
}

fn zeroizing<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Zeroizing<String>>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(Zeroizing::new))
}

impl Provider {
    /// Exchanges a code, verifies what comes, and says who it is.
    pub(crate) async fn person_of(
        &self,
        core: &Core,
        grant: &Grant<'_>,
        expected: &Expected<'_>,
        now: Timestamp,
    ) -> Result<Person, ProviderError> {
        let metadata = self.metadata(core, now).await?;
        let tokens = self.exchange(core, &metadata, grant, now).await?;
        if !self.is_openid() {
            return self.person_of_plain(core, &metadata, tokens).await;
        }
        let token = tokens.id_token.ok_or_else(|| self.unavailable("it sends no ID token"))?;
        let claims = self.verify(core, &token, expected, now).await?;
        let more = match (&metadata.user_info, tokens.access_token) {
            (Some(url), Some(access)) if claims.text(&self.settings.email_claim).is_none() => {
                let more = self.user_info(core, url, &access).await?;
                // Nothing but the subject tells that an access token is the ID token's (OpenID Connect Core §5.3.2).
                if more.text("sub") != claims.text("sub") {
                    return Err(self.bad_user_info("it is about another person"));
                }
                more
            }
            _ => Claims::default(),
        };
        self.person(&claims, &more)
    }

    /// Without a token to verify, the answer of the endpoint itself says who it is.
    async fn person_of_plain(&self, core: &Core, metadata: &Metadata, tokens: Tokens) -> Result<Person, ProviderError> {
        let access = tokens.access_token.ok_or_else(|| self.unavailable("it sends no access token"))?;
        let url = metadata.user_info.as_ref().ok_or_else(|| self.unavailable("it has no user information"))?;
        let mut claims = self.user_info(core, url, &access).await?;
        if let Some(url) = &metadata.emails {
            let listed = self.ask_with(core, url, &access).await?;
            let listed: Value = json_of(&listed).ok_or_else(|| self.bad_user_info("no list of addresses"))?;
            // What stands in a public profile says nothing of whose address it is.
            claims.0.remove(&self.settings.email_claim);
            if let Some((email, verified)) = primary_address(&listed) {
                claims.0.insert(self.settings.email_claim.clone(), email.into());
                claims.0.insert("email_verified".to_owned(), verified.into());
            }
        }
        self.person(&claims, &Claims::default())
    }

    async fn user_info(&self, core: &Core, url: &Url, access: &str) -> Result<Claims, ProviderError> {
        let answer = self.ask_with(core, url, access).await?;
        let claims: Option<Map<String, Value>> = json_of(&answer);
        claims.map(Claims).ok_or_else(|| self.bad_user_info("no JSON object"))
    }

    async fn ask_with(&self, core: &Core, url: &Url, access: &str) -> Result<Fetched, ProviderError> {
        let bearer = Zeroizing::new(format!("Bearer {access}"));
        let headers = vec![("accept", "application/json".to_owned().into()), ("authorization", bearer)];
        let request = FetchRequest { url, reach: self.settings.reach, headers, form: None, longest: LONGEST };
        let answer = core.fetch.fetch(request).await;
        answer.map_err(|error| ProviderError::fetch(&self.settings.name, "user information", &error))
    }

    fn bad_user_info(&self, why: &'static str) -> ProviderError {
        ProviderError::UserInfo(self.settings.name.clone(), why)
    }

    async fn exchange(
        &self,
        core: &Core,
        metadata: &Metadata,
        grant: &Grant<'_>,
        now: Timestamp,
    ) -> Result<Tokens, ProviderError> {
        let mut headers = vec![("accept", "application/json".to_owned().into())];
        let form = self.token_request(core, metadata, grant, &mut headers, now)?;
        let request = FetchRequest {
            url: &metadata.token,
            reach: self.settings.reach,
            headers,
            form: Some(form),
            longest: LONGEST,
        };
        let answer = core.fetch.fetch(request).await;
        let answer = answer.map_err(|error| ProviderError::fetch(&self.settings.name, "token endpoint", &error))?;
        let said: Option<Tokens> = serde_json::from_slice(&answer.body).ok();
        match (answer.status, said) {
            // GitHub says 200 with its refusals.
            (200 | 400 | 401 | 403, Some(Tokens { error: Some(error), .. })) => {
                Err(ProviderError::Refused(self.settings.name.clone(), cleaned(&error)))
            }
            (200, Some(tokens)) => Ok(tokens),
            (status, _) => {
                Err(self.unavailable(&format!("token endpoint: status {status}, {}", cleaned(&answer.media_type))))
            }
        }
    }

    fn token_request(
        &self,
        core: &Core,
        metadata: &Metadata,
        grant: &Grant<'_>,
        headers: &mut Vec<(&'static str, Zeroizing<String>)>,
        now: Timestamp,
    ) -> Result<Zeroizing<String>, ProviderError> {
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", grant.code)
            .append_pair("redirect_uri", grant.redirect_uri)
            .append_pair("code_verifier", grant.verifier);
        let id = grant.public_client.unwrap_or(&self.settings.client_id);
        match &self.settings.client_proof {
            _ if grant.public_client.is_some() => drop(form.append_pair("client_id", id)),
            ClientProof::None => drop(form.append_pair("client_id", id)),
            ClientProof::Secret(secret) if metadata.takes_basic => {
                headers.push(("authorization", basic(id, secret.expose_secret())));
            }
            ClientProof::Secret(secret) => {
                form.append_pair("client_id", id).append_pair("client_secret", secret.expose_secret());
            }
            ClientProof::Key(key) => {
                let assertion = self.assertion(core, key, id, metadata.token.as_str(), now)?;
                form.append_pair("client_assertion_type", ASSERTION_TYPE);
                form.append_pair("client_assertion", &assertion);
            }
            ClientProof::AppleKey(key, team) => {
                let secret = self.assertion(core, key, team, APPLE, now)?;
                form.append_pair("client_id", id).append_pair("client_secret", &secret);
            }
        }
        Ok(Zeroizing::new(form.finish()))
    }

    /// A token that says who we are (RFC 7523 §3); Apple wants the same, issued by the team.
    fn assertion(
        &self,
        core: &Core,
        key: &ClientKey,
        issuer: &str,
        audience: &str,
        now: Timestamp,
    ) -> Result<Zeroizing<String>, ProviderError> {
        let seconds = now.as_millis().div_euclid(1000);
        let claims = json!({
            "iss": issuer,
            "sub": self.settings.client_id,
            "aud": audience,
            "jti": unguessable(&*core.entropy),
            "iat": seconds,
            "exp": seconds.saturating_add(ASSERTION_LIFE),
        });
        let (algorithm, signing) = signing_key(key).ok_or_else(|| self.unavailable("our key for it cannot be used"))?;
        let header = Header { kid: key.id.clone(), ..Header::new(algorithm) };
        let signed = jsonwebtoken::encode(&header, &claims, &signing);
        signed.map(Zeroizing::new).map_err(|_| self.unavailable("our key for it cannot sign"))
    }
}

/// The key with which we sign, if it is one.
pub(super) fn signing_key(key: &ClientKey) -> Option<(Algorithm, EncodingKey)> {
    let lines = key.pem.expose_secret().lines().map(str::trim);
    let mut inside = lines.skip_while(|line| *line != PEM_BEGIN).skip(1);
    let body = Zeroizing::new(inside.by_ref().take_while(|line| *line != PEM_END).collect::<String>());
    let der = Zeroizing::new(Base64::decode_vec(&body).ok()?);
    let signing = EncodingKey::from_ec_der(&der);
    // Only by signing shows whether it is one.
    jsonwebtoken::encode(&Header::new(Algorithm::ES256), &json!({}), &signing).ok()?;
    Some((Algorithm::ES256, signing))
}

/// Both parts are form-encoded before they are joined (RFC 6749 §2.3.1).
fn basic(id: &str, secret: &str) -> Zeroizing<String> {
    let encoded = |text: &str| -> String { url::form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    let pair = Zeroizing::new([encoded(id), ":".to_owned(), encoded(secret)].concat());
    Zeroizing::new(format!("Basic {}", Base64::encode_string(pair.as_bytes())))
}

/// 128 random bits in base64url.
fn unguessable(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; 16];
    entropy.fill(&mut bytes);
    to_base64url(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_with_a_colon_stays_one_secret() {
        // RFC 6749 §2.3.1 and RFC 7617 §2: "my app:a:b c" as it must be split again.
        assert_eq!(basic("my app", "a:b c").as_str(), "Basic bXkrYXBwOmElM0FiK2M=");
    }
}
