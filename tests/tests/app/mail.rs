//! Mails leave through a real server that is not always well.

use std::time::Duration;

use tacit_tests::{MailPort, Setup, both_engines, mail_authority};

const FAILED: &str = "SELECT COUNT(*) FROM outbox WHERE failed_at IS NOT NULL";
const SECRETS: &str = "SELECT COUNT(*) FROM outbox WHERE sealed IS NOT NULL";

both_engines!(a_mail_refused_for_the_moment_is_sent_later, async |app| {
    app.signed_up("person@busy.test").await;
    assert_eq!(app.inbox("person@busy.test").await.len(), 0);
    for _ in 0..2 {
        app.clock.advance(Duration::from_hours(1));
        app.settle().await;
    }
    assert_eq!(app.inbox("person@busy.test").await.len(), 1);
    assert_eq!(app.database.number(SECRETS).await, 0, "what was sent keeps no secret");
});

both_engines!(a_mail_refused_for_good_is_given_up, async |app| {
    app.signed_up("person@gone.test").await;
    app.settle().await;
    assert_eq!(app.database.number(FAILED).await, 1);
    assert_eq!(app.database.number(SECRETS).await, 0, "what was given up keeps no secret");
    // The next mail is not held up.
    app.registered("person@example.com").await;
});

both_engines!(mails_that_were_given_up_are_listed_with_their_reasons, async |app| {
    assert_eq!(app.command(&["mail", "given-up"]).await, "");
    app.signed_up("person@gone.test").await;
    app.registered("person@example.com").await;
    app.settle().await;
    let listed = app.command(&["mail", "given-up"]).await;
    let lines: Vec<&str> = listed.lines().collect();
    let [line] = lines.as_slice() else { panic!("{listed}") };
    for part in ["activation", "person@gone.test", "550"] {
        assert!(line.contains(part), "{part} is not in {line}");
    }
});

both_engines!(a_mail_is_proper, async |app| {
    app.signed_up("person@example.com").await;
    let mail = app.mail_to("person@example.com").await;
    for name in ["from", "to", "date", "message-id", "subject"] {
        assert!(mail.headers.contains_key(name), "no {name}: {:?}", mail.headers.keys().collect::<Vec<_>>());
    }
    assert_eq!(mail.headers.get("auto-submitted").and_then(|value| value.as_str()), Some("auto-generated"));
    assert!(mail.html.as_ref().is_some_and(|html| html.contains(&mail.link_secret())));
    assert!(mail.text.contains(&format!("http://localhost:8080/activate#{}", mail.link_secret())), "{}", mail.text);
});

fn starttls() -> Setup {
    untrusted().with("mail.ca_file", &mail_authority())
}

fn untrusted() -> Setup {
    Setup::new()
        .with("mail.port", &MailPort::StartTls.number())
        .with("mail.security", "starttls")
        .with("mail.username", "tacit")
        .with("mail.password", "a mail password")
}

both_engines!(mails_leave_over_starttls_after_a_login, starttls(), async |app| {
    app.signed_up("person@example.com").await;
    app.mail_to("person@example.com").await;
});

both_engines!(
    mails_leave_over_tls,
    Setup::new()
        .with("mail.port", &MailPort::Tls.number())
        .with("mail.security", "tls")
        .with("mail.ca_file", &mail_authority()),
    async |app| {
        app.signed_up("person@example.com").await;
        app.mail_to("person@example.com").await;
    }
);

both_engines!(a_wrong_mail_password_keeps_mails_waiting, starttls().with("mail.password", "wrong"), async |app| {
    app.signed_up("person@example.com").await;
    assert_eq!(app.inbox("person@example.com").await.len(), 0);
    assert_eq!(app.database.number(FAILED).await, 0);
    app.leaves_jobs();
});

both_engines!(a_mail_server_nobody_vouches_for_gets_no_mail, untrusted(), async |app| {
    app.signed_up("person@example.com").await;
    assert_eq!(app.inbox("person@example.com").await.len(), 0);
    app.leaves_jobs();
});
