//! Makes the known answers anew, with the model alone.

use num_bigint::BigUint;

use super::{
    super::model::{Model, hash, hex, unhex},
    file::{Credential, File, Handshake, path},
};
use crate::{password, srp::Group};

#[test]
#[ignore = "writes shared/vectors; for a deliberate change of the profile only"]
fn write_the_vectors() {
    for (group, preset) in [(Group::G2048, 3), (Group::G3072, 1), (Group::G4096, 2)] {
        let mut file = File {
            profile: "srp6a-sha256".into(),
            unicode: password::UNICODE_VERSION.into(),
            group: group.id().into(),
            generator: group.generator().into(),
            modulus: hex(group.modulus()),
            credential: Credential {
                typed: "Ｐａß№ 1 \u{212b} pa\u{308}sswo\u{301}rd 🔑".into(),
                password: "PaßNo 1 Å p\u{e4}ssw\u{f3}rd 🔑".into(),
                realm: "example.com".into(),
                preset,
                identity: hex(&hash(&[b"tacit vector identity", group.id().as_bytes()])[..16]),
                salt: hex(&hash(&[b"tacit vector salt", group.id().as_bytes()])),
                ..Credential::default()
            },
            handshakes: Vec::new(),
        };
        let model = Model::of(&file);
        file.credential = model.credential(&file.credential);
        file.handshakes = Search { model: &model, credential: &file.credential }.handshakes();
        let json = serde_json::to_string_pretty(&file).unwrap() + "\n";
        std::fs::write(path(group), json).unwrap();
    }
}

/// Looks for exponents that give the wanted leading zeros.
struct Search<'a> {
    model: &'a Model,
    credential: &'a Credential,
}

impl Search<'_> {
    fn handshakes(&self) -> Vec<Handshake> {
        let v = BigUint::from_bytes_be(&unhex(&self.credential.v));
        let zero_a = |a: &[u8]| self.is_short(&self.model.a_public(&BigUint::from_bytes_be(a)));
        let zero_b = |b: &[u8]| self.is_short(&self.model.b_public(&v, &BigUint::from_bytes_be(b)));
        let zero_s = |a: &[u8], b: &[u8]| {
            let (a, b) = (BigUint::from_bytes_be(a), BigUint::from_bytes_be(b));
            let (a_public, b_public) = (self.model.a_public(&a), self.model.b_public(&v, &b));
            let u = self.model.u(&a_public, &b_public);
            self.is_short(&self.model.server_secret(&a_public, &v, &u, &b))
        };
        let plain_a = draw("a", |a| !zero_a(a));
        let short_a = draw("a", zero_a);
        let plain_b = draw("b", |b| !zero_b(b) && !zero_s(&plain_a, b) && !zero_s(&short_a, b));
        let short_b = draw("b", |b| zero_b(b) && !zero_s(&plain_a, b));
        let b_for_short_s = draw("b", |b| !zero_b(b) && zero_s(&plain_a, b));
        let b_for_short_a_and_s = draw("b", |b| !zero_b(b) && zero_s(&short_a, b));
        let of = |name, a: &[u8], b: &[u8]| self.model.handshake(self.credential, name, a, b);
        vec![
            of("no leading zeros", &plain_a, &plain_b),
            of("S begins with a zero byte", &plain_a, &b_for_short_s),
            of("A begins with a zero byte (from another client: ours draws again)", &short_a, &plain_b),
            of("B begins with a zero byte (from another server: ours draws again)", &plain_a, &short_b),
            of("A and S begin with a zero byte", &short_a, &b_for_short_a_and_s),
        ]
    }

    fn is_short(&self, value: &BigUint) -> bool {
        value.to_bytes_be().len() < self.model.len
    }
}

fn draw(label: &str, is_wanted: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    (0..u32::MAX)
        .map(|count| hash(&[b"tacit vector", label.as_bytes(), &count.to_be_bytes()]))
        .find(|exponent| is_wanted(exponent))
        .unwrap()
}
