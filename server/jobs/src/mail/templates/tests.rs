use super::*;

fn values() -> Values {
    Values {
        site: "login.example.com".to_owned(),
        public_url: "https://login.example.com".to_owned(),
        to: "person@example.com".to_owned(),
        display_name: "Person".to_owned(),
        link: "https://login.example.com/activate#secret-of-the-link".to_owned(),
        code: "ABCDE-FGHJK".to_owned(),
        expires_at: "2026-01-02 03:04 UTC".to_owned(),
        happened_at: "2026-01-01 02:03 UTC".to_owned(),
    }
}

fn folder(files: &[(&str, &str)]) -> (tempfile::TempDir, Templates) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let templates = Templates::new(Some(folder.path().to_owned()));
    (folder, templates)
}

#[test]
fn every_kind_has_a_text_in_english_and_german() {
    for kind in KINDS {
        let english = Templates::default().render(kind, "en", &values()).unwrap();
        let german = Templates::default().render(kind, "de", &values()).unwrap();
        assert_ne!(english.subject, german.subject);
        assert!(english.text.contains("Hello") && german.text.contains("Guten Tag"), "{}", kind.name());
        assert!(english.subject.contains("login.example.com"), "{}", english.subject);
    }
}

#[test]
fn an_activation_mail_says_link_code_and_expiry_in_both_forms() {
    for language in ["en", "de"] {
        let mail = Templates::default().render(MailKind::Activation, language, &values()).unwrap();
        for form in [mail.text, mail.html.unwrap()] {
            for part in ["ABCDE-FGHJK", "2026-01-02 03:04 UTC", "#secret-of-the-link"] {
                assert!(form.contains(part), "{part} in {form}");
            }
        }
    }
}

#[test]
fn no_mail_we_ship_repeats_the_name_a_stranger_chose() {
    for kind in KINDS {
        for language in ["en", "de"] {
            let values = Values { display_name: "WIN A PRIZE".to_owned(), ..values() };
            let mail = Templates::default().render(kind, language, &values).unwrap();
            let all = [mail.subject, mail.text, mail.html.unwrap_or_default()].concat();
            assert!(!all.contains("PRIZE"), "{} {language}", kind.name());
        }
    }
}

#[test]
fn a_language_falls_back_to_its_parents_and_then_to_english() {
    for (asked, tried) in [
        ("de-AT", vec!["de-AT", "de", "en"]),
        ("DE-at", vec!["de-AT", "de", "en"]),
        ("zh-hant-tw", vec!["zh-Hant-TW", "zh-Hant", "zh", "en"]),
        ("en-GB", vec!["en-GB", "en"]),
        ("", vec!["en"]),
        ("../../etc/passwd", vec!["en"]),
        ("de-", vec!["en"]),
    ] {
        assert_eq!(fallbacks(asked), tried, "{asked}");
    }
    let austrian = Templates::default().render(MailKind::Test, "de-AT", &values()).unwrap();
    let french = Templates::default().render(MailKind::Test, "fr", &values()).unwrap();
    assert!(austrian.text.starts_with("Guten Tag") && french.text.starts_with("Hello"));
}

#[test]
fn a_file_of_the_operator_replaces_one_text_and_leaves_the_others() {
    let (folder, templates) = folder(&[("test.de.txt", "Subject: Eigenes\nServus {{ display_name }}")]);
    let german = templates.render(MailKind::Test, "de", &values()).unwrap();
    assert_eq!((german.subject.as_str(), german.text.as_str()), ("Eigenes", "Servus Person"));
    assert!(templates.render(MailKind::Test, "en", &values()).unwrap().text.starts_with("Hello"));
    std::fs::write(folder.path().join("test.de.txt"), "Subject: Neu\nHallo").unwrap();
    assert_eq!(templates.render(MailKind::Test, "de", &values()).unwrap().text, "Hallo");
}

#[test]
fn a_new_language_needs_a_text_only_and_never_gets_another_languages_page() {
    let (_folder, templates) = folder(&[("activation.fr.txt", "Subject: Bonjour\n{{ link }}")]);
    let french = templates.render(MailKind::Activation, "fr-CA", &values()).unwrap();
    assert_eq!(french.subject, "Bonjour");
    assert!(french.html.is_none());
}

#[test]
fn a_broken_file_of_the_operator_does_not_stop_the_mail() {
    for broken in ["no subject", "Subject: a\n{{ typo }}", "Subject: a\n{% if %}", "Subject:\nempty"] {
        let (_folder, templates) = folder(&[("test.en.txt", broken)]);
        let mail = templates.render(MailKind::Test, "en", &values()).unwrap();
        assert!(mail.text.contains("tacit mail test"), "{broken}");
        assert_eq!(templates.check().len(), 1, "{broken}");
    }
}

#[test]
fn values_are_escaped_in_pages_and_not_in_texts() {
    let (_folder, templates) = folder(&[
        ("test.en.txt", "Subject: {{ display_name }}\n{{ display_name }}"),
        ("test.en.html", "<p>{{ display_name }}</p>"),
    ]);
    let values = Values { display_name: "<b>&\"x\"".to_owned(), ..values() };
    let mail = templates.render(MailKind::Test, "en", &values).unwrap();
    assert_eq!(mail.text, "<b>&\"x\"");
    assert_eq!(mail.html.as_deref(), Some("<p>&lt;b&gt;&amp;&quot;x&quot;</p>"));
}

#[test]
fn a_value_cannot_end_the_subject() {
    let (_folder, templates) = folder(&[("test.en.txt", "Subject: Dear {{ display_name }}\nbody")]);
    let values = Values { display_name: "x\r\nBcc: victim@example.com\r\n\r\nnew body".to_owned(), ..values() };
    let mail = templates.render(MailKind::Test, "en", &values).unwrap();
    assert_eq!(mail.subject, "Dear x  Bcc: victim@example.com    new body");
    assert_eq!(mail.text, "body");
}

#[test]
fn checking_names_every_file_that_cannot_be_used() {
    let (_folder, templates) = folder(&[
        ("test.en.txt", "Subject: fine\nfine"),
        ("activation.en.html", "{{ link }} {{ lnk }}"),
        ("activaton.en.txt", "Subject: x\nx"),
        ("test.de.md", "x"),
        ("test.DE.txt", "Subject: x\nx"),
    ]);
    let mut problems: Vec<String> = templates.check().iter().map(ToString::to_string).collect();
    problems.sort();
    assert_eq!(problems.len(), 4, "{problems:?}");
    assert!(problems.iter().any(|it| it.contains("activation.en.html") && it.contains("undefined")), "{problems:?}");
    assert!(problems.iter().any(|it| it.contains("activaton.en.txt") && it.contains("kinds are activation")));
}

#[test]
fn every_shipped_file_is_built_in() {
    let shipped = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/templates")).unwrap().count();
    assert_eq!(shipped, BUILT_IN.len());
    assert!(Templates::new(Some(concat!(env!("CARGO_MANIFEST_DIR"), "/templates").into())).check().is_empty());
}
