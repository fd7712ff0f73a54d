//! From a provider's claims to a person, and how far its word about their address goes.

use serde_json::Value;
use tacit_shared::limits;

use super::claims::Claims;
use super::{EmailTrust, Provider, ProviderError};
use crate::text;

/// Google's own domain for people without an organisation.
const GMAIL: &[&str] = &["gmail.com", "googlemail.com"];
/// The domains whose mail Apple runs.
const APPLE: &[&str] = &["privaterelay.appleid.com", "icloud.com", "me.com", "mac.com"];

/// How far a provider's word about an address goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// It says nothing that counts.
    None,
    /// The person read mail there at some time: enough for an account of its own.
    Claimed,
    /// It speaks for the address: enough to open an account that has proved the same address here.
    Binding,
}

/// Who somebody is at a provider.
pub(crate) struct Person {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) email: Option<String>,
    pub(crate) word: Word,
    pub(crate) name: Option<String>,
    /// When the provider last saw a proof of who it is, in Unix seconds.
    pub(crate) auth_time: Option<i64>,
}

impl Provider {
    /// The person that verified claims are about. `more` is user information of the same subject.
    pub(super) fn person(&self, claims: &Claims, more: &Claims) -> Result<Person, ProviderError> {
        let settings = &self.settings;
        let parts: Option<Vec<String>> = settings.subject_claims.iter().map(|name| claims.id(name)).collect();
        let subject = parts
            .filter(|parts| !parts.is_empty())
            .ok_or_else(|| ProviderError::Token(settings.name.clone(), "it does not say who the person is"))?;
        let (email_claim, name_claim) = (settings.email_claim.as_str(), settings.name_claim.as_str());
        // The address and what is said of it come from the same place.
        let source = if claims.text(email_claim).is_some() { claims } else { more };
        // It is kept and shown, whether or not it counts.
        let email = source.text(email_claim).filter(|email| text::is_line(email, limits::AUTH_ID_MAX));
        let email = email.map(str::to_owned);
        let word = email.as_deref().map_or(Word::None, |email| word(settings.email_trust, email, source));
        let name = claims.text(name_claim).or_else(|| more.text(name_claim));
        Ok(Person {
            issuer: settings.issuer.clone(),
            subject: subject.join("."),
            email,
            word,
            name: name.map(str::trim).filter(|name| text::is_line(name, limits::DISPLAY_NAME_MAX)).map(str::to_owned),
            auth_time: claims.number("auth_time"),
        })
    }
}

fn word(trust: EmailTrust, email: &str, claims: &Claims) -> Word {
    let domain = email.rsplit_once('@').map_or("", |(_, domain)| domain).to_ascii_lowercase();
    let verified = claims.is_true("email_verified");
    let if_verified = |binds: bool| match (verified, binds) {
        (false, _) => Word::None,
        (true, false) => Word::Claimed,
        (true, true) => Word::Binding,
    };
    match trust {
        EmailTrust::Claim => if_verified(false),
        EmailTrust::Binding => if_verified(true),
        EmailTrust::Google => if_verified(claims.text("hd").is_some() || GMAIL.contains(&domain.as_str())),
        // Without it anybody can write any address into a tenant of their own.
        EmailTrust::Microsoft if claims.is_true("xms_edov") => Word::Binding,
        EmailTrust::Never | EmailTrust::Microsoft => Word::None,
        EmailTrust::Apple => if_verified(APPLE.contains(&domain.as_str())),
    }
}

/// The one address GitHub lists as somebody's first, in the words of OpenID Connect.
pub(super) fn primary_address(listed: &Value) -> Option<(String, bool)> {
    let primary = listed.as_array()?.iter().find(|entry| entry.get("primary") == Some(&Value::Bool(true)))?;
    let email = primary.get("email")?.as_str()?.to_owned();
    Some((email, primary.get("verified") == Some(&Value::Bool(true))))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(trust: EmailTrust, claims: &Value) -> Word {
        let claims = Claims(claims.as_object().unwrap().clone());
        word(trust, claims.text("email").unwrap(), &claims)
    }

    #[test]
    fn google_speaks_for_its_own_domain_and_for_those_it_hosts() {
        let google = |claims: Value| said(EmailTrust::Google, &claims);
        assert_eq!(google(json!({"email": "a@gmail.com", "email_verified": true})), Word::Binding);
        assert_eq!(google(json!({"email": "a@b.example", "email_verified": true, "hd": "b.example"})), Word::Binding);
        assert_eq!(google(json!({"email": "a@b.example", "email_verified": true})), Word::Claimed);
        assert_eq!(google(json!({"email": "a@gmail.com", "email_verified": false})), Word::None);
        assert_eq!(google(json!({"email": "a@gmail.com.evil.example", "email_verified": true})), Word::Claimed);
    }

    #[test]
    fn microsoft_speaks_only_for_domains_whose_owner_it_knows() {
        let microsoft = |claims: Value| said(EmailTrust::Microsoft, &claims);
        for edov in [json!(true), json!(1), json!("1"), json!("true")] {
            assert_eq!(microsoft(json!({"email": "a@b.example", "xms_edov": edov})), Word::Binding);
        }
        assert_eq!(microsoft(json!({"email": "a@b.example", "xms_edov": false})), Word::None);
        assert_eq!(microsoft(json!({"email": "a@b.example", "email_verified": true})), Word::None);
    }

    #[test]
    fn apple_speaks_for_its_own_domains() {
        let apple = |email| said(EmailTrust::Apple, &json!({"email": email, "email_verified": "true"}));
        assert_eq!(apple("x@privaterelay.appleid.com"), Word::Binding);
        assert_eq!(apple("a@iCloud.com"), Word::Binding);
        assert_eq!(apple("a@b.example"), Word::Claimed);
    }

    #[test]
    fn another_provider_is_trusted_as_far_as_the_operator_says() {
        let claims = json!({"email": "a@b.example", "email_verified": true});
        assert_eq!(said(EmailTrust::Never, &claims), Word::None);
        assert_eq!(said(EmailTrust::Claim, &claims), Word::Claimed);
        assert_eq!(said(EmailTrust::Binding, &claims), Word::Binding);
        assert_eq!(said(EmailTrust::Binding, &json!({"email": "a@b.example"})), Word::None);
    }

    #[test]
    fn of_several_addresses_the_first_counts_and_only_if_it_is_verified() {
        let listed = json!([
            {"email": "b@x.example", "primary": false, "verified": true},
            {"email": "a@x.example", "primary": true, "verified": false},
        ]);
        assert_eq!(primary_address(&listed), Some(("a@x.example".to_owned(), false)));
        assert_eq!(primary_address(&json!([])), None);
    }
}
