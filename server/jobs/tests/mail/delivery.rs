//! Mails reach a real SMTP server, or are tried again, or are given up

use std::time::Duration;

use crate::support::{SmtpServer, World, free_port, plain};
use tacit_domain::seams::Clock as _;
use tacit_jobs::{Done, SmtpSettings, Templates, Transport};
use tokio::sync::watch;

const SENT: Done = Done { sent: 1, postponed: 0, given_up: 0 };
const POSTPONED: Done = Done { sent: 0, postponed: 1, given_up: 0 };
const GIVEN_UP: Done = Done { sent: 0, postponed: 0, given_up: 1 };
/// More than the longest back-off.
const LATER: Duration = Duration::from_mins(16);

fn header<'a>(mail: &'a str, name: &str) -> &'a str {
    let line = mail.lines().find(|line| line.starts_with(&format!("{name}: ")));
    line.unwrap_or_else(|| panic!("no {name} in {mail}")).split_once(": ").unwrap().1
}

#[tokio::test]
async fn an_activation_mail_arrives_with_link_and_code() {
    let (world, server) = (World::new().await, SmtpServer::start(&[]));
    world.sign_up("person@example.com", "en-GB").await;
    assert_eq!(world.worker(server.port).run_due_now().await.unwrap(), SENT);

    let offered = server.offered();
    assert_eq!(offered["sender"], "no-reply@example.com");
    assert_eq!(offered["recipients"], serde_json::json!(["person@example.com"]));
    world.sign_up("other@example.com", "de-AT").await;
    assert_eq!(world.worker(server.port).run_due_now().await.unwrap(), SENT);
    let german = server.mail();
    assert!(german.contains("Guten Tag"), "{german}");
    assert_eq!(world.open_rows().await, 0);
}

#[tokio::test]
async fn the_mail_says_what_it_must_and_not_what_a_stranger_chose() {
    let (world, server) = (World::new().await, SmtpServer::start(&[]));
    world.sign_up("person@example.com", "en").await;
    world.worker(server.port).run_due_now().await.unwrap();
    let mail = server.mail();
    assert_eq!(header(&mail, "Auto-Submitted"), "auto-generated");
    assert_eq!(header(&mail, "Subject"), "Activate your account at login.example.com");
    assert_eq!(header(&mail, "Date"), "Fri, 02 Jan 2026 03:04:05 +0000");
    let text = mail.replace("=\r\n", "").replace("=\n", "");
    let link = text.split("https://login.example.com/activate#").nth(1).expect("a link");
    let secret: String = link.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
    assert_eq!(secret.len(), 43, "{text}");
    assert!(text.contains("2026-01-03 03:04 UTC"), "{text}");
    assert!(!text.contains("Eve"), "{text}");
}

#[tokio::test]
async fn a_mail_is_sent_again_after_451_and_recognisable_as_the_same() {
    let (world, server) = (World::new().await, SmtpServer::start(&["--replies", "451 Try again later"]));
    world.sign_up("person@example.com", "en").await;
    let worker = world.worker(server.port);
    assert_eq!(worker.run_due_now().await.unwrap(), POSTPONED);
    let first = server.mail();
    assert_eq!(worker.run_due_now().await.unwrap(), Done::default(), "not before its time");
    assert!(server.is_quiet());

    // The first wait is five seconds, less at most half.
    world.advance(Duration::from_secs(2));
    assert_eq!(worker.run_due_now().await.unwrap(), Done::default());
    world.advance(Duration::from_secs(4));
    assert_eq!(worker.run_due_now().await.unwrap(), SENT);
    let second = server.mail();
    assert_eq!(header(&first, "Message-ID"), header(&second, "Message-ID"));
    assert_eq!(world.open_rows().await, 0);
}

#[tokio::test]
async fn a_mail_refused_for_good_is_given_up_with_the_reason_and_without_its_secret() {
    let (world, server) = (World::new().await, SmtpServer::start(&["--replies", "550 No such person"]));
    world.sign_up("person@example.com", "en").await;
    let worker = world.worker(server.port);
    assert_eq!(worker.run_due_now().await.unwrap(), GIVEN_UP);
    world.advance(LATER);
    assert_eq!(worker.run_due_now().await.unwrap(), Done::default());
    assert_eq!(world.open_rows().await, 0);
    let row = world.only_row().await;
    assert!(row.failed && !row.sealed, "the secret is erased");
    assert!(row.last_error.unwrap().contains("550"));
}

#[tokio::test]
async fn a_sent_mail_leaves_no_secret_behind() {
    let (world, server) = (World::new().await, SmtpServer::start(&[]));
    world.sign_up("person@example.com", "en").await;
    assert!(world.only_row().await.sealed);
    world.worker(server.port).run_due_now().await.unwrap();
    let row = world.only_row().await;
    assert!(!row.sealed && !row.failed && row.last_error.is_none());
}

#[tokio::test]
async fn mails_wait_for_a_server_that_is_down() {
    let world = World::new().await;
    let port = free_port();
    world.sign_up("person@example.com", "en").await;
    let worker = world.worker(port);
    for _ in 0..3 {
        assert_eq!(worker.run_due_now().await.unwrap(), POSTPONED);
        world.advance(LATER);
    }
    let server = SmtpServer::start(&["--port", &port.to_string()]);
    assert_eq!(worker.run_due_now().await.unwrap(), SENT);
    assert!(header(&server.mail(), "To").contains("person@example.com"));
}

#[tokio::test]
async fn a_mail_that_has_expired_is_not_sent_any_more() {
    let (world, server) = (World::new().await, SmtpServer::start(&[]));
    world.sign_up("person@example.com", "en").await;
    world.advance(world.domain.settings.lifetimes.activation);
    assert_eq!(world.worker(server.port).run_due_now().await.unwrap(), GIVEN_UP);
    assert!(server.is_quiet());
    assert!(!world.only_row().await.sealed);
}

#[tokio::test]
async fn the_mail_of_a_worker_that_died_is_taken_by_another_when_the_lease_is_over() {
    let (world, server) = (World::new().await, SmtpServer::start(&[]));
    world.sign_up("person@example.com", "en").await;
    let lost = world.domain.outbox.claim(1, Duration::from_mins(5)).await.unwrap();
    assert_eq!(lost.mails.len(), 1);
    let worker = world.worker(server.port);
    assert_eq!(worker.run_due_now().await.unwrap(), Done::default());
    world.advance(Duration::from_secs(301));
    assert_eq!(worker.run_due_now().await.unwrap(), SENT);
}

#[tokio::test]
async fn two_workers_send_each_mail_once() {
    let (world, server) = (World::new().await, SmtpServer::start(&[]));
    for person in 0..12 {
        world.sign_up(&format!("person{person}@example.com"), "en").await;
    }
    let (one, other) = (world.worker(server.port), world.worker(server.port));
    let (one, other) = tokio::join!(one.run_due_now(), other.run_due_now());
    assert_eq!(one.unwrap().sent + other.unwrap().sent, 12);
    let mut seen: Vec<String> = (0..12).map(|_| server.offered()["recipients"][0].to_string()).collect();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 12);
    assert!(server.is_quiet());
}

#[tokio::test]
async fn a_running_worker_is_woken_by_a_sign_up_and_finishes_the_mail_under_way_when_told_to_stop() {
    let (world, server) = (World::new().await, SmtpServer::start(&["--delay", "0.5"]));
    let (stop, stopped) = watch::channel(false);
    let worker = world.worker(server.port);
    let running = tokio::spawn(async move { worker.run(stopped).await });
    world.sign_up("person@example.com", "en").await;
    let offered = tokio::task::spawn_blocking(move || (server.offered(), server));
    let (offered, _server) = offered.await.unwrap();
    assert_eq!(offered["reply"], "250 OK");
    assert_eq!(world.open_rows().await, 1, "the server has not answered yet");
    stop.send(true).unwrap();
    tokio::time::timeout(Duration::from_secs(10), running).await.expect("the worker stops").unwrap();
    assert_eq!(world.open_rows().await, 0, "what was under way was finished");
}

#[tokio::test]
async fn a_mail_that_takes_long_keeps_no_other_waiting() {
    let world = World::new().await;
    let mut server = SmtpServer::start(&["--delay", "60", "--slow", "slow@example.com"]);
    let (_stop, stopped) = watch::channel(false);
    let patient = SmtpSettings { timeout: Duration::from_mins(1), ..plain(server.port) };
    let worker = world.worker_with(&patient, Templates::default());
    let running = tokio::spawn(async move { worker.run(stopped).await });
    for address in ["slow@example.com", "quick@example.com"] {
        world.sign_up(address, "en").await;
        let offered = tokio::task::spawn_blocking(move || (server.offered(), server));
        let offered = offered.await.unwrap();
        assert_eq!(offered.0["recipients"], serde_json::json!([address]));
        server = offered.1;
    }
    running.abort();
}

#[tokio::test]
async fn somebody_with_an_account_is_told_so_in_a_mail_without_secrets() {
    let (world, server) = (World::new().await, SmtpServer::start(&[]));
    let worker = world.worker(server.port);
    world.sign_up("person@example.com", "en").await;
    worker.run_due_now().await.unwrap();
    let text = server.mail().replace("=\r\n", "");
    let secret: String = text.split("/activate#").nth(1).unwrap().chars().take(43).collect();
    world.activate(&secret).await;

    let ticket = world.sign_up("Person@Example.com", "de").await;
    worker.run_due_now().await.unwrap();
    let mail = server.mail();
    assert!(mail.contains("bereits ein Konto") && !mail.contains("activate#"), "{mail}");
    world.advance(Duration::from_secs(61));
    world.resend("person@example.com", &ticket).await;
    worker.run_due_now().await.unwrap();
    assert!(server.mail().contains("bereits ein Konto"));
}

#[tokio::test]
async fn in_the_demo_mails_go_into_the_mailbox() {
    let world = World::new().await;
    let worker = world.worker_over(Transport::Mailbox(world.domain.mailbox.clone()), Templates::default());
    world.sign_up("person@example.com", "en").await;
    assert_eq!(worker.run_due_now().await.unwrap(), SENT);
    let mails = world.domain.mailbox.list(Some("person@example.com")).await.unwrap();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].subject, "Activate your account at login.example.com");
    assert!(mails[0].text.contains("/activate#") && mails[0].html.as_ref().unwrap().contains("activate#"));
    assert!(mails[0].created_at == world.clock.now());
}
