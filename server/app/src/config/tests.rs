use super::*;

/// Loads from a file's text, variables and flags.
fn load(
    file: &str,
    variables: &[(&str, &str)],
    flags: &[(&'static str, &'static str, &str)],
) -> Result<Config, Problems> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my.toml");
    std::fs::write(&path, file).unwrap();
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let flags = flags.iter().map(|(key, name, value)| Flag { key, name, value: (*value).to_owned() }).collect();
    Config::load(&Sources { file: Some(path), variables, flags, folder: None })
}

/// The problems, with the folder of the file cut away.
fn problems(file: &str, variables: &[(&str, &str)]) -> Vec<String> {
    let problems = load(file, variables, &[]).unwrap_err().0;
    problems.iter().map(ToString::to_string).map(|line| without_folder(&line)).collect()
}

fn without_folder(line: &str) -> String {
    let folder = std::env::temp_dir().display().to_string();
    match (line.find(&folder), line.find("my.toml")) {
        (Some(begin), Some(end)) if begin < end => [&line[..begin], &line[end..]].concat(),
        _ => line.to_owned(),
    }
}

#[test]
fn nothing_given_is_a_good_configuration() {
    let config = Config::load(&Sources::default()).unwrap();
    assert_eq!(config.public_url.show(), "http://localhost:8080");
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.realm, "localhost");
    assert_eq!(config.database.url.show(), "sqlite:tacit.db");
    assert_eq!(config.mail.transport, MailTransport::Smtp);
    assert_eq!(config.mail.activation_link, "http://localhost:8080/activate#{secret}");
    assert!(config.master_key.is_none() && !config.demo && !config.reveal_accounts && config.registration_enabled);
}

#[test]
fn flags_win_over_variables_over_the_file() {
    let file = "listen = '127.0.0.1:1'\n[mail]\nport = 1\nhost = 'file'";
    let variables = [("TACIT_LISTEN", "127.0.0.1:2"), ("TACIT_MAIL__PORT", "2")];
    let config = load(file, &variables, &[("listen", "--listen", "127.0.0.1:3")]).unwrap();
    assert_eq!((config.listen.port(), config.mail.port, config.mail.host.as_str()), (3, 2, "file"));
    let origin = |key| without_folder(&config.lines.iter().find(|line| line.key == key).unwrap().origin);
    assert_eq!(origin("listen"), "flag --listen");
    assert_eq!(origin("mail.port"), "environment variable TACIT_MAIL__PORT");
    assert_eq!(origin("mail.host"), "my.toml");
    assert_eq!(origin("mail.security"), "default");
}

#[test]
fn every_problem_is_reported_at_once_with_where_it_came_from() {
    let file = "listn = '127.0.0.1:1'\nreveal_accounts = 'maybe'\n[mail]\nport = 99999\nsecurity = 'ssl'\n[zebra]\nstripes = 3";
    let found = problems(file, &[("TACIT_LIFETIMES__SESSION", "soon"), ("TACIT_DATABASE_URL", "sqlite:x.db")]);
    let expected = [
        "reveal_accounts: expected true or false, found `maybe` (my.toml)",
        "mail.security: expected one of tls, starttls, none, found `ssl` (my.toml)",
        "mail.port: expected a port from 1 to 65535, found `99999` (my.toml)",
        "lifetimes.session: expected a length of time above zero, such as 90s, 5m, 12h or 30d, found `soon` \
         (environment variable TACIT_LIFETIMES__SESSION)",
        "database_url: unknown key, did you mean database.url? (environment variable TACIT_DATABASE_URL)",
        "listn: unknown key, did you mean listen? (my.toml)",
        "zebra.stripes: unknown key (my.toml)",
    ];
    for line in expected {
        assert!(found.iter().any(|it| it == line), "{line}\nnot in {found:#?}");
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
}

#[test]
fn a_file_that_is_not_toml_does_not_hide_the_rest() {
    let found = problems("listen = ", &[("TACIT_DEMO", "perhaps")]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("my.toml: is not valid TOML") && found[0].contains("line 1"), "{found:?}");
}

#[test]
fn a_named_file_must_exist_and_tacit_toml_need_not() {
    let missing = Sources { file: Some("/nonexistent/tacit.toml".into()), ..Sources::default() };
    assert!(Config::load(&missing).unwrap_err().to_string().contains("/nonexistent/tacit.toml: cannot be read"));
    let variable = vec![("TACIT_CONFIG".to_owned(), "/nonexistent/b.toml".to_owned())];
    assert!(Config::load(&Sources { variables: variable, ..Sources::default() }).is_err());
    let folder = tempfile::tempdir().unwrap();
    let beside = Sources { folder: Some(folder.path().to_owned()), ..Sources::default() };
    assert!(Config::load(&beside).is_ok());
    std::fs::write(folder.path().join("tacit.toml"), "listen = '127.0.0.1:9'").unwrap();
    assert_eq!(Config::load(&beside).unwrap().listen.port(), 9);
}

#[test]
fn variables_of_others_and_of_tests_are_left_alone() {
    assert!(load("", &[("PATH", "/bin"), ("TACIT_TEST_PYTHON", "python3"), ("TACITURN", "1")], &[]).is_ok());
}

#[test]
fn a_secret_is_never_shown_not_even_a_wrong_one() {
    let variables = [
        ("TACIT_MAIL__USERNAME", "me"),
        ("TACIT_MAIL__PASSWORD", "0042"),
        ("TACIT_METRICS__TOKEN", "hunter2hunter2hunter2"),
        ("TACIT_DATABASE__URL", "postgres://u:hunter2@h/d"),
        ("TACIT_MASTER_KEY__VALUE", &"5a".repeat(32)),
    ];
    let config = load("", &variables, &[]).unwrap();
    let password = config.mail.password.as_ref().unwrap();
    assert_eq!(secrecy::ExposeSecret::expose_secret(password), "0042", "digits stay what they are");
    let shown = format!("{config:?}");
    let wrong = [
        ("TACIT_DATABASE__URL", "postgre://u:hunter2@h/d"),
        ("TACIT_MASTER_KEY__VALUE", "hunter2"),
        ("TACIT_METRICS__TOKEN", ""),
    ];
    let found = problems("", &wrong);
    assert_eq!(found.len(), 3, "{found:?}");
    for text in [shown, found.join("\n")] {
        for secret in ["0042", "hunter2", "5a5a"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

#[test]
fn lists_are_arrays_or_text_with_commas() {
    let config = load("allowed_origins = ['https://a.example', 'https://b.example']", &[], &[]).unwrap();
    assert_eq!(config.allowed_origins.len(), 2);
    let config = load("", &[("TACIT_TRUSTED_PROXIES", "10.0.0.0/8, ::1")], &[]).unwrap();
    assert_eq!(config.trusted_proxies.len(), 2);
    let found = problems("allowed_origins = ['https://a.example/x', 5, 'https://c.example', 'nonsense']", &[]);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].contains("entry 1") && found[2].contains("entry 4"), "{found:?}");
    assert_eq!(problems("", &[("TACIT_TRUSTED_PROXIES", "10.0.0.0/33,x")]).len(), 2);
}

#[test]
fn sections_and_values_are_not_mixed_up() {
    assert!(problems("mail = 5", &[])[0].contains("is a section"));
    assert!(problems("[listen]\nhost = 1", &[])[0].contains("listen.host: unknown key"));
    assert!(problems("listen = ['127.0.0.1:1']", &[])[0].contains("expected a single value"));
}

/// One line a rule between settings: what is given, and the beginning of the one problem.
fn assert_each_is_refused(cases: &[(&[(&str, &str)], &str)]) {
    for (variables, beginning) in cases {
        let found = problems("", variables);
        assert_eq!(found.len(), 1, "{variables:?}: {found:?}");
        assert!(found[0].starts_with(beginning), "{variables:?}: {found:?}");
    }
}

#[test]
fn unsafe_or_impossible_combinations_are_refused() {
    let https = ("TACIT_PUBLIC_URL", "https://login.example.com");
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[("TACIT_PUBLIC_URL", "http://login.example.com")], "public_url: must be https"),
        (&[https, ("TACIT_REALM", "other.com")], "realm: must be the host of public_url"),
        (&[https, ("TACIT_REALM", "com")], "realm: must be the host of public_url"),
        (&[https, ("TACIT_REALM", "ample.com")], "realm: must be the host of public_url"),
        (&[https, ("TACIT_REALM", "sub.login.example.com")], "realm: must be the host of public_url"),
        (&[https, ("TACIT_REALM", "Example.com")], "realm: must be in lower case"),
        (&[https, ("TACIT_DEMO", "true")], "demo: shows everybody's mails"),
        (&[("TACIT_DEMO", "true"), ("TACIT_LISTEN", "0.0.0.0:1")], "demo: shows everybody's mails"),
        (&[("TACIT_MAIL__TRANSPORT", "mailbox")], "mail.transport: mailbox is for the demo only"),
        (&[("TACIT_ALLOWED_ORIGINS", "http://a.example")], "allowed_origins: must be https"),
        (&[("TACIT_MAIL__USERNAME", "me")], "mail.username: mail.username and mail.password go together"),
        (&[("TACIT_MAIL__FROM", "nobody")], "mail.from: expected an address"),
        (&[("TACIT_MAIL__TEMPLATES", "/nonexistent")], "mail.templates: is not a folder"),
        (&[("TACIT_MAIL__CA_FILE", "/nonexistent")], "mail.ca_file: cannot be read"),
        (
            &[("TACIT_MAIL__LINKS__ACTIVATION", "https://a.example/x?token={secret}")],
            "mail.links.activation: the {secret}",
        ),
        (&[("TACIT_MAIL__LINKS__WELCOME", "http://a.example/#{secret}")], "mail.links.welcome: must be https"),
        (&[("TACIT_MAIL__LINKS__WELCOME", "https://a.example/#x")], "mail.links.welcome: the {secret}"),
        (&[("TACIT_LIFETIMES__REFRESH_TOKEN", "91d")], "lifetimes.refresh_token: must not be longer"),
        (&[("TACIT_LIFETIMES__SIGNING_KEY", "1m")], "lifetimes.signing_key: must not be shorter"),
        (&[("TACIT_DEFAULT_LANGUAGE", "../en")], "default_language: expected a language tag"),
        (&[("TACIT_LOG__FILTER", "tacit=loud")], "log.filter: is not a filter"),
        (&[("TACIT_METRICS__TOKEN", "short")], "metrics.token: must have at least 16 characters"),
        (
            &[
                ("TACIT_MASTER_KEY__FILE", "x"),
                ("TACIT_MASTER_KEY__VALUE", "0000000000000000000000000000000000000000000000000000000000000000"),
            ],
            "master_key.value: give either",
        ),
        (
            &[
                ("TACIT_MAIL__SECURITY", "none"),
                ("TACIT_MAIL__HOST", "mail.example.com"),
                ("TACIT_MAIL__USERNAME", "me"),
                ("TACIT_MAIL__PASSWORD", "pw"),
            ],
            "mail.security: none would send mail.password in the clear",
        ),
    ];
    assert_each_is_refused(cases);
}

/// Answers and tokens tell lifetimes in seconds: one below would read as none.
#[test]
fn a_lifetime_is_in_whole_seconds_and_above_zero() {
    let lines = Config::load(&Sources::default()).unwrap().lines;
    let keys: Vec<_> = lines.iter().filter(|line| line.key.starts_with("lifetimes.")).map(|line| &line.key).collect();
    assert_eq!(keys.len(), 9, "{keys:?}");
    for key in keys {
        let variable = format!("TACIT_{}", key.replace('.', "__").to_uppercase());
        for (value, said) in [
            ("500ms", "must be in whole seconds, found `500ms`"),
            ("1m1ms", "must be in whole seconds, found `1m1ms`"),
            ("0s", "expected a length of time above zero, such as 90s, 5m, 12h or 30d, found `0s`"),
        ] {
            let expected = format!("{key}: {said} (environment variable {variable})");
            assert_eq!(problems("", &[(&variable, value)]), [expected]);
        }
    }
}

#[test]
fn providers_that_would_be_unsafe_or_cannot_work_are_refused() {
    let https = ("TACIT_PUBLIC_URL", "https://login.example.com");
    assert_each_is_refused(&[
        (&[("TACIT_PROVIDERS__ACME__CLIENT_ID", "x")], "providers.acme.client_id: issuer and client_id are needed"),
        (&[("TACIT_PROVIDERS__GOOGLE__LABEL", "x")], "providers.google.client_id: issuer and client_id are needed"),
        (
            &[("TACIT_PROVIDERS__ACME__CLIENT_ID", "x"), ("TACIT_PROVIDERS__ACME__ISSUER", "http://id.example")],
            "providers.acme.issuer: must be https",
        ),
        (
            &[https, ("TACIT_PROVIDERS__ACME__CLIENT_ID", "x"), ("TACIT_PROVIDERS__ACME__ISSUER", "https://127.0.0.1")],
            "providers.acme.issuer: must be https; on this machine",
        ),
        (
            &[("TACIT_PROVIDERS__MICROSOFT__CLIENT_ID", "x"), ("TACIT_PROVIDERS__MICROSOFT__TENANTS", "mine")],
            "providers.microsoft.tenants: expected tenant ids",
        ),
        (
            &[("TACIT_PROVIDERS__APPLE__CLIENT_ID", "x"), ("TACIT_PROVIDERS__APPLE__PRIVATE_KEY", "hunter2")],
            "providers.apple.private_key: expected a private key on P-256",
        ),
        (
            &[("TACIT_PROVIDERS__GOOGLE__CLIENT_ID", "x"), ("TACIT_PROVIDERS__GOOGLE__CLIENT_SECERT", "y")],
            "providers.google.client_secert: unknown key, did you mean providers.google.client_secret?",
        ),
    ]);
}

#[test]
fn good_combinations_are_taken() {
    let https = ("TACIT_PUBLIC_URL", "https://login.example.com");
    let cases: &[&[(&str, &str)]] = &[
        &[https],
        &[https, ("TACIT_REALM", "example.com")],
        &[("TACIT_PUBLIC_URL", "http://127.0.0.1:9000")],
        &[("TACIT_PUBLIC_URL", "http://[::1]:9000")],
        &[("TACIT_DEMO", "true")],
        &[("TACIT_DEMO", "true"), ("TACIT_MAIL__TRANSPORT", "mailbox")],
        &[("TACIT_DEMO", "true"), ("TACIT_MAIL__TRANSPORT", "smtp")],
        &[("TACIT_MAIL__LINKS__ACTIVATION", "myapp://activate#token={secret}&v=1")],
        &[("TACIT_MAIL__SECURITY", "none"), ("TACIT_MAIL__USERNAME", "me"), ("TACIT_MAIL__PASSWORD", "pw")],
        &[https, ("TACIT_PROVIDERS__MICROSOFT__CLIENT_ID", "x")],
        &[https, ("TACIT_PROVIDERS__GITHUB__CLIENT_ID", "x"), ("TACIT_PROVIDERS__GOOGLE__CLIENT_ID", "y")],
        &[("TACIT_PROVIDERS__ACME__CLIENT_ID", "x"), ("TACIT_PROVIDERS__ACME__ISSUER", "http://localhost:9000")],
    ];
    for variables in cases {
        if let Err(problems) = load("", variables, &[]) {
            panic!("{variables:?}: {problems}");
        }
    }
    assert_eq!(load("", &[("TACIT_DEMO", "true")], &[]).unwrap().mail.transport, MailTransport::Mailbox);
}

#[test]
fn a_wrong_value_causes_no_second_complaint() {
    let found = problems("", &[("TACIT_PUBLIC_URL", "login.example.com"), ("TACIT_REALM", "example.com")]);
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn a_kernel_is_one_that_this_machine_can_run() {
    assert_eq!(load("", &[], &[]).unwrap().kernel, None);
    let portable = load("", &[("TACIT_SRP__KERNEL", "crypto-bigint")], &[]).unwrap();
    assert_eq!(portable.kernel, Some(Choice::CryptoBigint));
    let found = problems("", &[("TACIT_SRP__KERNEL", "openssl")]);
    assert!(found[0].contains("expected one of ") && found[0].contains("crypto-bigint"), "{found:?}");
    for kernel in Choice::ALL {
        match load("", &[("TACIT_SRP__KERNEL", kernel.name())], &[]) {
            Ok(config) => assert!(kernel.is_available() && config.kernel == Some(kernel)),
            Err(problems) => {
                let told = problems.to_string();
                assert!(
                    !kernel.is_available() && told.contains("srp.kernel") && told.contains("the fastest here"),
                    "{told}"
                );
            }
        }
    }
}

#[test]
fn nothing_may_be_kept_where_less_is_wanted() {
    let config = load("", &[("TACIT_LIMITS__SRP_COMBS", "0"), ("TACIT_LIMITS__SRP_PAIRS", "0")], &[]).unwrap();
    assert_eq!((config.limits.srp_combs, config.limits.srp_pairs), (0, 0));
    assert!(problems("", &[("TACIT_LIMITS__SRP_COMBS", "-1")])[0].contains("0 for none"));
}

/// The table in the documentation has a row for each key, with its default and its variable.
#[test]
fn the_documentation_lists_every_key() {
    let page = include_str!("../../../../docs/operations.md");
    let lines = Config::load(&Sources::default()).unwrap().lines;
    for line in &lines {
        let variable = format!("TACIT_{}", line.key.replace('.', "__").to_uppercase());
        let start = format!("| `{}` | `{variable}` | ", line.key);
        let row = page.lines().find(|row| row.starts_with(&start));
        let row = row.unwrap_or_else(|| panic!("docs/operations.md has no row starting with {start}"));
        let varies = ["limits.srp_workers"].contains(&&*line.key);
        let default = if line.default.is_empty() { "–".to_owned() } else { line.default.clone() };
        assert!(varies || row.contains(&default), "the default of {} is {default}, not as in {row}", line.key);
    }
    let rows = page.lines().filter(|row| row.contains("` | `TACIT_")).count();
    assert_eq!(rows, lines.len(), "docs/operations.md has rows for keys that do not exist");
}

#[test]
fn a_providers_secrets_are_never_shown() {
    let variables =
        [("TACIT_PROVIDERS__GOOGLE__CLIENT_ID", "x"), ("TACIT_PROVIDERS__GOOGLE__CLIENT_SECRET", "hunter2")];
    let config = load("", &variables, &[]).unwrap();
    let shown = format!("{config:?}");
    assert!(shown.contains("google") && !shown.contains("hunter2"), "{shown}");
    let provider = &config.providers.0[0];
    assert_eq!((provider.label.as_str(), provider.issuer.as_str()), ("Google", "https://accounts.google.com"));
    let metadata = provider.discovery.as_ref().unwrap();
    assert_eq!(metadata.as_str(), "https://accounts.google.com/.well-known/openid-configuration");
}
