//! E-mail addresses: what is accepted is a mailbox that mail can go to, and leads to one account only.

use tacit_domain::address::Address;
use tacit_shared::limits::AUTH_ID_MAX;

pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(address) = Address::parse(text) else { return };
    let (written, key) = (address.as_str(), address.key());

    // Nothing that ends a header line, opens a comment or a list, or hides.
    assert!(!written.contains(|c: char| c.is_control() || c.is_whitespace() || "\"<>(),;:\\[]".contains(c)));
    assert_eq!(written.matches('@').count(), 1);
    assert!(written.len() <= AUTH_ID_MAX, "longer than what is accepted");

    // Written as we would write it, it is the same address.
    let again = Address::parse(written).expect("what was accepted is accepted again");
    assert!(again.as_str() == written && again.key() == key, "{written:?} {key:?} {:?}", again.key());

    // The key is its own key, where it is an address (a capital dotted I becomes a mark that is taken in no address).
    if let Ok(by_key) = Address::parse(key) {
        assert_eq!(by_key.key(), key);
    }
    // Of letters without case in other scripts no rule is known here; of ASCII there is one.
    let lower = Address::parse(&written.to_ascii_lowercase()).expect("lower case is no other form");
    let upper = Address::parse(&written.to_ascii_uppercase()).expect("upper case is no other form");
    assert_eq!((lower.key(), upper.key()), (key, key));

    // The domain in the key is what resolvers are asked for.
    let (_, domain) = key.rsplit_once('@').expect("an at sign");
    assert!(domain.is_ascii() && !domain.bytes().any(|byte| byte.is_ascii_uppercase()));
    assert!(matches!(url::Host::parse(domain), Ok(url::Host::Domain(host)) if host == domain));

    let recipient: Result<lettre::Address, _> = written.parse();
    assert!(recipient.is_ok(), "accepted, and no mail can go there: {written:?}");
}
