use super::*;
use crate::config::{Config, Sources};
use crate::seams::SystemEntropy;

fn config(settings: &[(&str, &str)]) -> Config {
    let variables = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Config::load(&Sources { variables, ..Sources::default() }).unwrap()
}

fn on_sqlite(folder: &Path) -> Config {
    config(&[("TACIT_DATABASE__URL", &format!("sqlite:{}/people.db", folder.display()))])
}

#[test]
fn on_sqlite_a_key_is_made_once_beside_the_database_for_its_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let config = on_sqlite(folder.path());
    let first = obtain(&config, false, &SystemEntropy).unwrap().fingerprint();
    let mode = std::fs::metadata(folder.path().join("people.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
    assert_eq!(obtain(&config, true, &SystemEntropy).unwrap().fingerprint(), first);
}

#[test]
fn a_lost_key_is_not_replaced_by_another() {
    let folder = tempfile::tempdir().unwrap();
    let error = obtain(&on_sqlite(folder.path()), true, &SystemEntropy).err().unwrap();
    assert!(error.to_string().contains("backup"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_key_others_can_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let config = on_sqlite(folder.path());
    obtain(&config, false, &SystemEntropy).unwrap();
    let path = folder.path().join("people.key");
    for mode in [0o640, 0o604, 0o660] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let error = obtain(&config, true, &SystemEntropy).err().unwrap();
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }
}

#[test]
fn on_postgresql_the_message_says_how_to_make_one() {
    let config = config(&[("TACIT_DATABASE__URL", "postgres://localhost/tacit")]);
    let error = obtain(&config, false, &SystemEntropy).err().unwrap();
    assert!(error.to_string().contains("tacit keys new-master"), "{error}");
}

#[test]
fn a_named_file_must_exist_and_hold_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("master.key");
    let config = config(&[("TACIT_MASTER_KEY__FILE", path.to_str().unwrap())]);
    assert!(matches!(obtain(&config, false, &SystemEntropy), Err(MasterKeyError::Unreadable(..))));
    for (content, good) in
        [("", false), ("abcd", false), (&"5a".repeat(32), true), (&format!("{}\n", "5A".repeat(32)), true)]
    {
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(obtain(&config, false, &SystemEntropy).is_ok(), good, "{content}");
    }
}

#[test]
fn two_new_keys_differ() {
    assert_ne!(*generate(&SystemEntropy), *generate(&SystemEntropy));
    assert!(MasterKey::parse(&generate(&SystemEntropy)).is_some());
}
