//! Every slip in the configuration is found, named with where it came from, and no secret is repeated.

use std::borrow::Cow;
use std::collections::BTreeSet;

use tacit::config::{Config, Flag, Line, Problem, Problems, Sources};
use tacit_tests::Process;

/// Looks like a secret, and must never be seen again.
const SECRET: &str = "hunter2-hunter2-hunter2";

fn lines() -> Vec<Line> {
    Config::load(&Sources::default()).unwrap().lines
}

fn keys() -> Vec<&'static str> {
    let written = |line: Line| match line.key {
        Cow::Borrowed(key) => key,
        Cow::Owned(key) => panic!("{key} is made of a section's name, and no section was given"),
    };
    lines().into_iter().map(written).collect()
}

fn variable(key: &str) -> String {
    format!("TACIT_{}", key.replace('.', "__").to_uppercase())
}

fn problems(sources: &Sources) -> Vec<Problem> {
    Config::load(sources).map_or_else(|Problems(problems)| problems, |_| Vec::new())
}

fn of_variables(variables: &[(String, String)]) -> Vec<Problem> {
    problems(&Sources { variables: variables.to_vec(), ..Sources::default() })
}

/// The problems of a file with this text.
fn of_file(text: &str) -> Vec<Problem> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tacit.toml");
    std::fs::write(&file, text).unwrap();
    problems(&Sources { file: Some(file), ..Sources::default() })
}

/// A line of TOML that sets a key, dots and all.
fn toml(key: &str, value: &str) -> String {
    format!("{key} = {value}\n")
}

/// The key with one slip at each place: a wrong letter, one too few, one too many, two in the wrong order.
fn slips(key: &str) -> BTreeSet<String> {
    let letters: Vec<char> = key.chars().collect();
    let mut slips = BTreeSet::new();
    for at in 0..letters.len() {
        let around = |middle: &[char], rest: usize| {
            letters[..at].iter().chain(middle).chain(&letters[rest..]).collect::<String>()
        };
        // A slip at the point would make another section of it, which is said in other words.
        if letters[at] == '.' {
            continue;
        }
        slips.insert(around(&[if letters[at] == 'q' { 'k' } else { 'q' }], at + 1));
        slips.insert(around(&[], at + 1));
        slips.insert(around(&[letters[at], letters[at]], at + 1));
        if letters.get(at + 1).is_some_and(|next| *next != '.') {
            slips.insert(around(&[letters[at + 1], letters[at]], at + 2));
        }
    }
    slips.remove(key);
    let empty_part = |slip: &String| slip.split('.').any(str::is_empty);
    slips.retain(|slip| !empty_part(slip));
    slips
}

#[test]
fn a_slip_in_any_key_is_reported_and_the_key_that_was_meant_is_named() {
    let known: BTreeSet<&str> = keys().into_iter().collect();
    assert!(known.len() > 40, "{known:?}");
    for key in &known {
        for slip in slips(key).iter().filter(|slip| !known.contains(slip.as_str())) {
            let name = variable(slip);
            let mut reports = vec![(of_file(&toml(slip, &format!("'{SECRET}'"))), "tacit.toml")];
            // Two of them are the point of a variable.
            if !slip.contains("__") {
                reports.push((of_variables(&[(name.clone(), SECRET.to_owned())]), name.as_str()));
            }
            for (found, origin) in reports {
                assert_eq!(found.len(), 1, "{slip}: {found:?}");
                assert_eq!(found[0].key, *slip);
                assert!(found[0].message.contains(&format!("did you mean {key}?")), "{slip}: {}", found[0]);
                assert!(found[0].origin.as_ref().unwrap().contains(origin), "{}", found[0]);
                assert!(!found[0].to_string().contains(SECRET), "{}", found[0]);
            }
        }
    }
}

#[test]
fn a_key_written_as_others_write_it_is_recognised() {
    for key in keys().into_iter().filter(|key| key.contains(['.', '_'])) {
        let mut written = vec![key.replace('_', "-"), key.replace('_', "")];
        // `TACIT_MAIL_PORT` for `TACIT_MAIL__PORT`.
        written.extend(key.contains('.').then(|| key.replace('.', "_")));
        for other in written.into_iter().filter(|other| other != key) {
            let found = of_variables(&[(variable(&other), SECRET.to_owned())]);
            assert_eq!(found.len(), 1, "{other}: {found:?}");
            assert!(found[0].message.contains(&format!("did you mean {key}?")), "{other}: {}", found[0]);
        }
    }
}

/// Values no setting of the kind can have. What is text to a variable may be of the wrong type in a file.
const NEVER: [&str; 5] = ["", "\u{7}", "\n", "not this: \u{1}", " \t "];
const NEVER_IN_A_FILE: [&str; 6] = ["['a', 'b']", "{ a = 1 }", "{ }", "true", "1.5", "1979-05-27T07:32:00Z"];

/// Kinds of values for which `true` in a file is not of the wrong type.
const SWITCHES: [&str; 3] = ["reveal_accounts", "registration_enabled", "demo"];
/// An empty list is a list, and so is one of two.
const LISTS: [&str; 2] = ["allowed_origins", "trusted_proxies"];

#[test]
fn a_wrong_value_of_any_setting_is_reported_wherever_it_stands() {
    for key in keys() {
        for value in NEVER.iter().filter(|value| !(LISTS.contains(&key) && value.trim().is_empty())) {
            let found = of_variables(&[(variable(key), (*value).to_owned())]);
            // A path, a password: any text but none.
            let any_text = key.ends_with("file") || key == "mail.templates";
            let accepted = (any_text || key == "mail.password") && !value.is_empty();
            if accepted && key == "mail.password" {
                // Alone it is one half of a login.
                assert!(found.iter().all(|problem| problem.key == "mail.username"), "{key} = {value:?}: {found:?}");
                continue;
            }
            if accepted && found.is_empty() {
                assert_eq!(key, "master_key.file", "{value:?}");
                continue;
            }
            assert_eq!(found.len(), 1, "{key} = {value:?}: {found:?}");
            assert_eq!(found[0].key, key, "{}", found[0]);
            assert!(!found[0].to_string().contains(char::is_control), "{:?}", found[0].to_string());
        }
        for value in NEVER_IN_A_FILE {
            if (value == "true" && SWITCHES.contains(&key)) || (value.starts_with('{') && value.len() == 3) {
                continue;
            }
            let found = of_file(&toml(key, value));
            assert!(!found.is_empty(), "{key} = {value} is taken");
            let about = |problem: &Problem| problem.key == key || problem.key.starts_with(&format!("{key}."));
            assert!(found.iter().any(about), "{key} = {value}: {found:?}");
            assert!(found.iter().all(|problem| problem.origin.is_some()), "{found:?}");
        }
    }
}

#[test]
fn text_without_quotes_is_not_quietly_made_into_other_text() {
    // A password that TOML reads as a number would be another password.
    let numbers = [("1e5", "100000"), ("0x10", "16"), ("1_000", "1000"), ("1.0", "1"), ("+7", "7"), ("12345", "12345")];
    for key in ["mail.password", "metrics.token", "master_key.value", "mail.username", "tokens.audience", "mail.host"] {
        for (written, read) in numbers {
            let found = of_file(&toml(key, written));
            let about = found.iter().find(|problem| problem.key == key);
            let about = about.unwrap_or_else(|| panic!("{key} = {written} is taken as {read}: {found:?}"));
            assert!(about.message.contains("quotes"), "{about}");
        }
    }
    assert!(of_file("[mail]\nusername = '12345'\npassword = '1e5'\n").is_empty());
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let variables: Vec<(String, String)> = keys().iter().map(|key| (variable(key), "\u{7}".to_owned())).collect();
    let found = of_variables(&variables);
    let wrong: BTreeSet<&str> = found.iter().map(|problem| problem.key.as_str()).collect();
    for key in keys() {
        let any_text = ["mail.password", "master_key.file"].contains(&key);
        assert!(any_text || wrong.contains(key), "{key} is not among {wrong:?}");
    }
    // And beside them, everything that is misspelt, in the file and in variables.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tacit.toml");
    std::fs::write(&file, keys().iter().map(|key| toml(&format!("{key}q"), "1")).collect::<String>()).unwrap();
    let mut misspelt: Vec<(String, String)> =
        keys().iter().map(|key| (format!("{}Z", variable(key)), "1".into())).collect();
    misspelt.extend(variables);
    let flags = vec![Flag { key: "listen", name: "--listen", value: "here".to_owned() }];
    let all = problems(&Sources { file: Some(file), variables: misspelt, flags, folder: None });
    assert_eq!(all.len(), found.len() + 2 * keys().len());
    assert!(all.iter().any(|problem| problem.origin.as_deref() == Some("flag --listen")));
}

/// Every way to write the secret settings wrongly that came to mind.
#[test]
fn a_file_with_a_slip_beside_a_secret_does_not_repeat_the_secret() {
    for key in ["password", "token", "value", "url"] {
        for line in [
            format!("{key} = {SECRET}"),
            format!("{key} = \"{SECRET}"),
            format!("{key} = {SECRET}\""),
            format!("{key} = '{SECRET}"),
            format!("{key} = \"{SECRET}\" oops"),
            format!("{key} = \"\\{SECRET}\""),
            format!("{key} = \"{SECRET}\\q\""),
            format!("{key} \"{SECRET}\""),
            format!("{key}: \"{SECRET}\""),
            format!("{key} == \"{SECRET}\""),
            format!("{key} = \"{SECRET}\"\n{key} = \"{SECRET}\""),
            format!("{key} = [\"{SECRET}\""),
            format!("{key} = {{ \"{SECRET}\" }}"),
            format!("{key} = \"\"\"{SECRET}"),
            format!("{key} = \"x{SECRET}\u{1}\""),
            format!("[{key}\n\"{SECRET}\" = 1"),
            format!("[[{key}]]\nx = \"{SECRET}\"\n[{key}]"),
        ] {
            for section in ["mail", "metrics", "master_key", "database"] {
                let found = of_file(&format!("listen = '127.0.0.1:1'\n[{section}]\nother = 1\n{line}\n"));
                assert!(!found.is_empty(), "{line}");
                let said = found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
                assert!(!said.contains("hunter2"), "{line}:\n{said}");
            }
            // Still it says where to look.
            let found = of_file(&format!("listen = '127.0.0.1:1'\n[mail]\n{line}\n"));
            if let Some(broken) = found.iter().find(|problem| problem.message.contains("TOML")) {
                assert!(broken.message.contains("line "), "{broken}");
            }
        }
    }
}

#[test]
fn a_secret_at_a_wrong_place_is_not_repeated() {
    let url = format!("postgres://tacit:{SECRET}@db.example.com/tacit");
    let wrong = [
        ("TACIT_PUBLIC_URL", format!("https://me:{SECRET}@login.example.com")),
        ("TACIT_ALLOWED_ORIGINS", format!("https://me:{SECRET}@login.example.com")),
        ("TACIT_DATABASE__URL", format!("mysql://me:{SECRET}@db.example.com/tacit")),
        ("TACIT_DATABASE__URL", format!("postgres://me:{SECRET}@[db/tacit")),
        ("TACIT_DATABASE", url.clone()),
        ("TACIT_DATABASE_URL", url.clone()),
        ("TACIT_LISTEN", url.clone()),
        ("TACIT_MAIL", format!("smtp://me:{SECRET}@mail.example.com")),
        ("TACIT_MAIL__PORT", format!("smtp://me:{SECRET}@mail.example.com:25")),
        ("TACIT_MAIL__PASSWORD__X", SECRET.to_owned()),
        ("TACIT_MASTER_KEY", SECRET.to_owned()),
        ("TACIT_MASTER_KEY__VALUE", SECRET.to_owned()),
        ("TACIT_METRICS", SECRET.to_owned()),
        ("TACIT_MAIL__PASSWORD", SECRET.to_owned()),
    ];
    for (name, value) in wrong {
        let found = of_variables(&[(name.to_owned(), value)]);
        assert!(!found.is_empty(), "{name}");
        for problem in found {
            assert!(!problem.to_string().contains("hunter2"), "{problem}");
        }
    }
}

#[tokio::test]
async fn a_misspelt_flag_or_command_is_refused_with_the_one_that_was_meant() {
    for (arguments, meant) in [
        (&["serve", "--lisen", "127.0.0.1:1"][..], "--listen"),
        (&["serve", "--publc-url", "http://localhost:1"], "--public-url"),
        (&["serve", "--dmeo"], "--demo"),
        (&["check", "--confg", "x"], "--config"),
        (&["check", "--database-ul", "sqlite:x"], "--database-url"),
        (&["sevre"], "serve"),
        (&["keys", "rotat"], "rotate"),
    ] {
        let output = Process::run(arguments, &[]).await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(meant), "{arguments:?}: {said}");
    }
    let wrong = [
        (&["serve", "--listen", "here"][..], "(flag --listen)"),
        (&["serve", "--public-url", "ftp://x"], "(flag --public-url)"),
        (&["check", "--database-url", "postgre://me:hunter2@x/y"], "(flag --database-url)"),
    ];
    for (arguments, origin) in wrong {
        let output = Process::run(arguments, &[]).await;
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{arguments:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(origin) && !said.contains("hunter2"), "{said}");
    }
}
