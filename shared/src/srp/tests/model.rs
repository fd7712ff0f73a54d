//! The profile once more, from its formulas alone: num-bigint, another generation of SHA-2, HMAC and HKDF by hand.
//!
//! Nothing here uses the code under test, and nothing of it is constant in time: it is an oracle, not an
//! implementation. Argon2id and XChaCha20-Poly1305 have published vectors of their own and are taken from their crates.

use num_bigint::BigUint;
use sha2_010::{Digest, Sha256};

use super::vectors::{Confirm, Credential, File, Form, Handshake, Sealed};

pub(super) struct Model {
    pub(super) n: BigUint,
    pub(super) g: BigUint,
    pub(super) len: usize,
}

pub(super) fn hash(parts: &[&[u8]]) -> Vec<u8> {
    parts.iter().fold(Sha256::new(), Digest::chain_update).finalize().to_vec()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte / 16, byte % 16])
        .map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)]))
        .collect()
}

pub(super) fn unhex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2));
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn integer(bytes: &[u8]) -> BigUint {
    BigUint::from_bytes_be(bytes)
}

fn xor(left: &[u8], right: &[u8]) -> Vec<u8> {
    left.iter().zip(right).map(|(left, right)| left ^ right).collect()
}

fn items(parts: &[&[u8]]) -> Vec<u8> {
    parts.iter().flat_map(|part| [&u16::try_from(part.len()).unwrap().to_be_bytes()[..], part].concat()).collect()
}

/// RFC 2104.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = if key.len() > 64 { hash(&[key]) } else { key.to_vec() };
    block.resize(64, 0);
    let inner = hash(&[&xor(&block, &[0x36; 64]), message]);
    hash(&[&xor(&block, &[0x5c; 64]), &inner])
}

/// RFC 5869 with an empty salt and 32 bytes of output.
fn hkdf(key: &[u8], info: &[u8]) -> Vec<u8> {
    hmac(&hmac(&[], key), &[info, &[1]].concat())
}

impl Model {
    pub(super) fn of(file: &File) -> Self {
        let n = unhex(&file.modulus);
        Self { len: n.len(), n: integer(&n), g: BigUint::from(file.generator) }
    }

    /// `PAD`
    pub(super) fn pad(&self, value: &BigUint) -> Vec<u8> {
        let bytes = value.to_bytes_be();
        [vec![0; self.len - bytes.len()], bytes].concat()
    }

    pub(super) fn k(&self) -> BigUint {
        integer(&hash(&[&self.n.to_bytes_be(), &self.pad(&self.g)]))
    }

    pub(super) fn a_public(&self, a: &BigUint) -> BigUint {
        self.g.modpow(a, &self.n)
    }

    pub(super) fn b_public(&self, v: &BigUint, b: &BigUint) -> BigUint {
        (self.k() * v + self.g.modpow(b, &self.n)) % &self.n
    }

    pub(super) fn u(&self, a_public: &BigUint, b_public: &BigUint) -> BigUint {
        integer(&hash(&[&self.pad(a_public), &self.pad(b_public)]))
    }

    pub(super) fn server_secret(&self, a_public: &BigUint, v: &BigUint, u: &BigUint, b: &BigUint) -> BigUint {
        (a_public * v.modpow(u, &self.n)).modpow(b, &self.n)
    }

    fn client_secret(&self, b_public: &BigUint, x: &BigUint, u: &BigUint, a: &BigUint) -> BigUint {
        let masked = self.k() * self.g.modpow(x, &self.n) % &self.n;
        ((b_public + &self.n) - masked).modpow(&(a + u * x), &self.n)
    }

    /// All derived members of a credential from its first seven.
    pub(super) fn credential(&self, given: &Credential) -> Credential {
        let (salt, identity) = (unhex(&given.salt), given.identity.as_bytes());
        let (memory, passes) = match given.preset {
            1 => (47_104, 3),
            2 => (65_536, 3),
            3 => (19_456, 2),
            other => panic!("no preset {other}"),
        };
        let kdf = format!("argon2id;v=19;m={memory};t={passes};p=1");
        let bits = (self.len * 8).to_string();
        let info = |label: &str| {
            let texts = ["tacit/v1", label, &given.realm, "srp6a-sha256", &bits, &kdf].map(str::as_bytes);
            items(&[&texts[..], &[identity]].concat())
        };
        let mut master = [0; 32];
        let params = argon2::Params::new(memory, passes, 1, Some(32)).unwrap();
        argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params)
            .hash_password_into(given.password.as_bytes(), &salt, &mut master)
            .unwrap();
        let p = hex(&hkdf(&master, &info("login")));
        let x = hash(&[&salt, &hash(&[identity, b":", p.as_bytes()])]);
        Credential {
            login_info: hex(&info("login")),
            wrap_info: hex(&info("wrap")),
            kdf: kdf.clone(),
            master: hex(&master),
            w: hex(&hkdf(&master, &info("wrap"))),
            p,
            k: hex(&{
                let bytes = self.k().to_bytes_be();
                [vec![0; 32 - bytes.len()], bytes].concat()
            }),
            v: hex(&self.pad(&self.g.modpow(&integer(&x), &self.n))),
            x: hex(&x),
            ..given.clone()
        }
    }

    /// A whole handshake from `a`, `b` and the credential.
    pub(super) fn handshake(&self, credential: &Credential, name: &str, a: &[u8], b: &[u8]) -> Handshake {
        let (x, v) = (integer(&unhex(&credential.x)), integer(&unhex(&credential.v)));
        let (a_public, b_public) = (self.a_public(&integer(a)), self.b_public(&v, &integer(b)));
        let u = self.u(&a_public, &b_public);
        let secret = self.server_secret(&a_public, &v, &u, &integer(b));
        assert_eq!(secret, self.client_secret(&b_public, &x, &u, &integer(a)), "both sides agree");

        let form = |generator: &str, integers: &str| {
            self.form(credential, [&a_public, &b_public, &secret], generator, integers)
        };
        let forms =
            vec![form("bare", "padded"), form("padded", "padded"), form("bare", "trimmed"), form("padded", "trimmed")];
        let key = unhex(&forms[0].k);
        Handshake {
            name: name.to_owned(),
            a: hex(a),
            b: hex(b),
            a_public: hex(&self.pad(&a_public)),
            b_public: hex(&self.pad(&b_public)),
            u: hex(&hash(&[&self.pad(&a_public), &self.pad(&b_public)])),
            s: hex(&self.pad(&secret)),
            forms,
            confirm: Confirm::example().computed(&key),
            sealed: Sealed::example().computed(&key),
        }
    }

    fn form(&self, credential: &Credential, values: [&BigUint; 3], generator: &str, integers: &str) -> Form {
        let bytes = |value: &BigUint| if integers == "padded" { self.pad(value) } else { value.to_bytes_be() };
        let [a_public, b_public, secret] = values.map(bytes);
        let key = hash(&[&secret]);
        let g = if generator == "padded" { self.pad(&self.g) } else { self.g.to_bytes_be() };
        let mixed = xor(&hash(&[&self.n.to_bytes_be()]), &hash(&[&g]));
        let identity = hash(&[credential.identity.as_bytes()]);
        let m1 = hash(&[&mixed, &identity, &unhex(&credential.salt), &a_public, &b_public, &key]);
        let m2 = hash(&[&a_public, &m1, &key]);
        Form { generator: generator.into(), integers: integers.into(), k: hex(&key), m1: hex(&m1), m2: hex(&m2) }
    }
}

impl Confirm {
    fn computed(self, key: &[u8]) -> Self {
        let mac_key = hkdf(key, &items(&[b"tacit/v1", b"confirm", b"login"]));
        let expires_in = self.expires_in.to_string();
        let texts = [
            "session",
            &self.user_id,
            &self.session_id,
            &self.access_token,
            &self.refresh_token,
            &self.token_type,
            &expires_in,
        ];
        let message = items(&texts.map(str::as_bytes));
        Self { key: hex(&mac_key), confirm: hex(&hmac(&mac_key, &message)), message: hex(&message), ..self }
    }
}

impl Sealed {
    fn computed(self, key: &[u8]) -> Self {
        use chacha20poly1305::{
            KeyInit, XChaCha20Poly1305,
            aead::{Aead, Payload},
        };
        let texts = ["tacit/v1", "sealed", &self.purpose, &self.session_id, &self.method, &self.path];
        let info = items(&texts.map(str::as_bytes));
        let key: [u8; 32] = hkdf(key, &info).try_into().unwrap();
        let nonce: [u8; 24] = unhex(&self.nonce).try_into().unwrap();
        let message = XChaCha20Poly1305::new(&key.into())
            .encrypt(&nonce.into(), Payload { msg: self.plaintext.as_bytes(), aad: &info })
            .unwrap();
        let sealed = base64url(&[&nonce[..], &message].concat());
        Self { info: hex(&info), key: hex(&key), sealed, ..self }
    }
}

/// RFC 4648 §5 without padding.
fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().chain(&[0, 0]).take(3).fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        for digit in 0..=group.len() {
            out.push(char::from(DIGITS[bits >> (18 - 6 * digit) & 63]));
        }
    }
    out
}
