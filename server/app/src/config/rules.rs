//! Rules between settings

use std::time::Duration;

use super::origin::is_local_host;
use super::reader::Reader;
use super::setting::{MailSecurity, MailTransport};
use super::{Config, MasterKeySource, Origin, Scope, Setting as _};

use secrecy::ExposeSecret as _;
use tacit_domain::keyring::MasterKey;
use tacit_domain::settings::Lifetimes;
use tacit_engine::{Choice, Unavailable};

/// What the place of the secret is called in a link.
const SECRET: &str = "{secret}";

/// Anybody may try tokens, so one must not be guessed.
const METRICS_TOKEN_MIN: usize = 16;

/// Notes every combination that would be unsafe or could not work.
pub(super) fn check(config: &Config, r: &mut Reader, scope: Scope) {
    addresses(config, r);
    demo(config, r);
    master_key(config, r);
    mail(config, r);
    if scope.has_mails() {
        kept_apart(config, r);
    }
    links(config, r);
    lifetimes(config, r);
    if let Some(kernel) = config.kernel.filter(|kernel| !kernel.is_available()) {
        let fastest = Choice::fastest();
        r.conflict(&["srp.kernel"], format!("{}; leave it out for {fastest}, the fastest here", Unavailable(kernel)));
    }
    if !is_language(&config.default_language) {
        r.conflict(&["default_language"], "expected a language tag, such as en or de-AT");
    }
    let guessable = |token: &secrecy::SecretString| token.expose_secret().len() < METRICS_TOKEN_MIN;
    if config.metrics.token.as_ref().is_some_and(guessable) {
        r.conflict(&["metrics.token"], format!("must have at least {METRICS_TOKEN_MIN} characters"));
    }
    if let Err(error) = tracing_subscriber::EnvFilter::try_new(&config.log.filter) {
        r.conflict(&["log.filter"], format!("is not a filter such as info or tacit_domain=debug,info: {error}"));
    }
}

fn addresses(config: &Config, r: &mut Reader) {
    let host = config.public_url.host();
    if !config.public_url.is_secure() && !config.public_url.is_local() {
        r.conflict(&["public_url"], "must be https: browsers run the client's cryptography in secure contexts only");
    }
    if !tacit_shared::realm::check(&config.realm, &host) {
        r.conflict(&["realm", "public_url"], format!("must be the host of public_url, {host}, or a parent of it"));
    } else if !tacit_shared::realm::is_valid(&config.realm) {
        r.conflict(&["realm"], "must be in lower case");
    }
    let insecure = |origin: &&Origin| !origin.is_secure() && !origin.is_local();
    if let Some(origin) = config.allowed_origins.iter().find(insecure) {
        r.conflict(&["allowed_origins"], format!("must be https: {}", origin.show()));
    }
}

fn demo(config: &Config, r: &mut Reader) {
    if config.demo && !config.public_url.is_local() {
        r.conflict(&["demo", "public_url"], "shows everybody's mails, so it runs with a localhost public_url only");
    }
    if config.demo && !config.listen.ip().is_loopback() {
        r.conflict(&["demo", "listen"], "shows everybody's mails, so it listens on a loopback address only");
    }
    if !config.demo && config.mail.transport == MailTransport::Mailbox {
        r.conflict(&["mail.transport", "demo"], "mailbox is for the demo only: start with --demo or use smtp");
    }
}

fn master_key(config: &Config, r: &mut Reader) {
    if let Some(MasterKeySource::Value(value)) = &config.master_key
        && MasterKey::parse(value.expose_secret()).is_none()
    {
        r.conflict(&["master_key.value"], "expected 64 hex characters, as `tacit keys new-master` prints them");
    }
}

fn mail(config: &Config, r: &mut Reader) {
    let mail = &config.mail;
    let exposed = mail.security == MailSecurity::None && !is_local_host(&mail.host);
    if exposed && mail.password.is_some() {
        r.conflict(&["mail.security", "mail.host"], "none would send mail.password in the clear: use tls or starttls");
    }
    if let Err(message) = tacit_jobs::check_sender(&mail.from) {
        r.conflict(&["mail.from", "realm", "public_url"], message);
    }
}

/// The secret and the files that mails are sent with, which are not there for every command.
fn kept_apart(config: &Config, r: &mut Reader) {
    let mail = &config.mail;
    if mail.username.is_some() != mail.password.is_some() {
        r.conflict(&["mail.username", "mail.password"], "mail.username and mail.password go together");
    }
    if mail.templates.as_ref().is_some_and(|folder| !folder.is_dir()) {
        r.conflict(&["mail.templates"], "is not a folder");
    }
    if let Some(Err(error)) = mail.ca_file.as_ref().map(std::fs::File::open) {
        r.conflict(&["mail.ca_file"], format!("cannot be read: {error}"));
    }
}

fn links(config: &Config, r: &mut Reader) {
    let links = [
        ("mail.links.activation", &config.mail.activation_link),
        ("mail.links.welcome", &config.mail.welcome_link),
        ("mail.links.password_reset", &config.mail.password_reset_link),
        ("mail.links.email_change", &config.mail.email_change_link),
        ("mail.links.email_undo", &config.mail.email_undo_link),
    ];
    for (key, link) in links {
        if let Err(message) = link_problem(link) {
            r.conflict(&[key, "public_url"], message);
        }
    }
}

fn link_problem(link: &str) -> Result<(), &'static str> {
    let filled = url::Url::parse(&link.replace(SECRET, "x")).map_err(|_| "expected an address with {secret} in it")?;
    let (before, fragment) = link.split_once('#').ok_or("the {secret} must be in the fragment, after a #")?;
    if before.contains(SECRET) || !fragment.contains(SECRET) {
        return Err("the {secret} must be in the fragment, where no server log or proxy sees it");
    }
    let local = filled.host_str().is_some_and(is_local_host);
    // An application's own scheme (`myapp://activate#…`) is as good as https.
    if filled.scheme() == "http" && !local {
        return Err("must be https");
    }
    Ok(())
}

fn lifetimes(config: &Config, r: &mut Reader) {
    let it = &config.lifetimes;
    for (key, length) in each(it) {
        // Answers and tokens tell them in seconds, where 500ms would read as none.
        if length.subsec_nanos() != 0 {
            r.conflict(&[key], format!("must be in whole seconds, found `{}`", length.show()));
        }
    }
    if it.access_token > it.session {
        r.conflict(&["lifetimes.access_token", "lifetimes.session"], "must not be longer than lifetimes.session");
    }
    if it.refresh_token > it.session {
        r.conflict(&["lifetimes.refresh_token", "lifetimes.session"], "must not be longer than lifetimes.session");
    }
    if it.signing_key < it.access_token {
        let message = "must not be shorter than lifetimes.access_token";
        r.conflict(&["lifetimes.signing_key", "lifetimes.access_token"], message);
    }
}

fn each(lifetimes: &Lifetimes) -> [(&'static str, Duration); 9] {
    let Lifetimes {
        access_token,
        refresh_token,
        session,
        activation,
        invitation,
        password_reset,
        email_change,
        email_undo,
        signing_key,
    } = *lifetimes;
    [
        ("lifetimes.access_token", access_token),
        ("lifetimes.refresh_token", refresh_token),
        ("lifetimes.session", session),
        ("lifetimes.activation", activation),
        ("lifetimes.invitation", invitation),
        ("lifetimes.password_reset", password_reset),
        ("lifetimes.email_change", email_change),
        ("lifetimes.email_undo", email_undo),
        ("lifetimes.signing_key", signing_key),
    ]
}

/// The shape of a BCP 47 tag.
fn is_language(tag: &str) -> bool {
    let sound = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    tag.len() <= tacit_shared::limits::LANGUAGE_MAX && tag.split('-').all(sound)
}
