//! Every way to reach a mail server: TLS, STARTTLS, in the clear, with and without a login

use crate::support::{Certificates, SmtpServer, World, plain, with_login};
use tacit_jobs::{Done, Security, SmtpSettings, Templates};

const SENT: Done = Done { sent: 1, postponed: 0, given_up: 0 };
const POSTPONED: Done = Done { sent: 0, postponed: 1, given_up: 0 };

/// A server that speaks TLS, and settings that trust it.
fn secured(security: Security, name: &str, more: &[&str]) -> (SmtpServer, SmtpSettings) {
    let certificates = Certificates::new();
    let file = certificates.file().display().to_string();
    let server = SmtpServer::start(&[&["--security", name, "--certificate", &file], more].concat());
    let settings = SmtpSettings { security, authority: Some(certificates.authority.clone()), ..plain(server.port) };
    (server, settings)
}

/// What becomes of one mail with these settings.
async fn send(settings: &SmtpSettings) -> (Done, Option<String>) {
    let world = World::new().await;
    world.sign_up("person@example.com", "en").await;
    let done = world.worker_with(settings, Templates::default()).run_due_now().await.unwrap();
    (done, world.only_row().await.last_error)
}

#[tokio::test]
async fn tls_from_the_first_byte() {
    let (server, settings) = secured(Security::Tls, "tls", &[]);
    assert_eq!(send(&settings).await.0, SENT);
    assert_eq!(server.offered()["recipients"][0], "person@example.com");
}

#[tokio::test]
async fn starttls_with_a_login() {
    let (server, settings) = secured(Security::StartTls, "starttls", &["--login", "tacit:s3cret:with colon"]);
    let settings = with_login(settings, "tacit", "s3cret:with colon");
    assert_eq!(send(&settings).await.0, SENT);
    let offered = server.offered();
    assert_eq!((&offered["tls"], &offered["login"]), (&true.into(), &"tacit".into()));
}

#[tokio::test]
async fn a_certificate_by_an_authority_we_do_not_know_is_refused() {
    for (security, name) in [(Security::Tls, "tls"), (Security::StartTls, "starttls")] {
        let (server, settings) = secured(security, name, &[]);
        let (done, error) = send(&SmtpSettings { authority: None, ..settings }).await;
        assert_eq!(done, POSTPONED);
        assert!(error.unwrap().contains("certificate"), "{name}");
        assert!(server.is_quiet());
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let (server, settings) = secured(Security::Tls, "tls", &[]);
    let (done, _) = send(&SmtpSettings { host: "127.0.0.1".to_owned(), ..settings }).await;
    assert_eq!(done, POSTPONED);
    assert!(server.is_quiet());
}

#[tokio::test]
async fn starttls_is_required_and_not_merely_tried() {
    let server = SmtpServer::start(&[]);
    let (done, error) = send(&SmtpSettings { security: Security::StartTls, ..plain(server.port) }).await;
    assert_eq!(done, POSTPONED);
    assert!(error.unwrap().contains("STARTTLS"));
    assert!(server.is_quiet());
}

#[tokio::test]
async fn a_wrong_login_is_the_operators_to_mend_so_mails_wait() {
    let (server, settings) = secured(Security::StartTls, "starttls", &["--login", "tacit:right"]);
    let settings = with_login(settings, "tacit", "wrong-password");
    let (done, error) = send(&settings).await;
    assert_eq!(done, POSTPONED);
    let error = error.unwrap();
    assert!(error.contains("535") && !error.contains("wrong-password"), "{error}");
    assert!(server.is_quiet());
}

#[tokio::test]
async fn a_login_that_is_missing_makes_mails_wait() {
    let (_server, settings) = secured(Security::StartTls, "starttls", &["--login", "tacit:right"]);
    let (done, error) = send(&settings).await;
    assert_eq!(done, POSTPONED);
    assert!(error.unwrap().contains("530"));
}
