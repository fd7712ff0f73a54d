//! Many logins: in a row and at once.

use std::time::Instant;

use tacit_tests::both_engines;

both_engines!(a_thousand_logins_in_a_row, async |app| {
    let person = app.registered("person@example.com").await;
    let begun = Instant::now();
    for _ in 0..1000 {
        person.log_in().await;
    }
    report(app, "1,000 logins in a row", 1000, begun);
});

both_engines!(sixty_four_logins_at_once, async |app| {
    let mut people = Vec::new();
    for number in 0..16 {
        people.push(app.registered(&format!("person{number}@example.com")).await);
    }
    let begun = Instant::now();
    let logins: Vec<_> = (0..64)
        .map(|number| {
            let person = people[number % people.len()].clone();
            tokio::spawn(async move { person.log_in().await.session_id })
        })
        .collect();
    let mut sessions = std::collections::HashSet::new();
    for login in logins {
        sessions.insert(login.await.unwrap());
    }
    assert_eq!(sessions.len(), 64);
    report(app, "64 logins at once", 64, begun);
});

#[expect(clippy::print_stdout, reason = "figures are what this test is for")]
fn report(app: &tacit_tests::App, what: &str, count: u32, begun: Instant) {
    let (elapsed, engine) = (begun.elapsed(), app.engine);
    println!("{engine:?}: {what}: {elapsed:.2?}, {:.1?} each, both sides", elapsed / count);
}
