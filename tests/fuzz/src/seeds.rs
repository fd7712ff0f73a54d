//! Writes the first inputs of every target: genuine messages, and what has been wrong with such before.

use std::io;
use std::path::Path;

use poem::http::Method;
use serde_json::{Value, json};
use tacit_shared::srp::{Group, Identity, Salt, client};
use tacit_shared::{Entropy, messages::Credential, preset};

use crate::world::{Counting, OPERATIONS, World};

/// One file an input, in a folder of its target's name.
pub fn write(folder: &Path) -> io::Result<()> {
    let mut out = Seeds { folder };
    out.addresses()?;
    out.messages()?;
    out.encodings()?;
    out.headers()?;
    World::with(|world| out.handshakes(world))?;
    out.sealed()?;
    out.tokens()
}

struct Seeds<'a> {
    folder: &'a Path,
}

/// The bit of the headers that is the access token.
const SIGNED_IN: u8 = 2;

/// An operation's number among those that a request can name.
fn number_of(method: &Method, path: &str) -> u8 {
    let found = OPERATIONS.iter().position(|(known, at)| known == method && *at == path);
    found.and_then(|number| u8::try_from(number).ok()).expect("an operation")
}

fn hex_of(fill: u8, length: usize) -> String {
    tacit_shared::encoding::to_hex(&vec![fill; length])
}

fn credential() -> Value {
    let entropy = Counting::new(4);
    let (identity, salt) = (Identity::random(&entropy), Salt::random(&entropy));
    let small = preset::find(3).expect("a preset");
    let verifier = client::verifier(small.group, &client::private_key(&identity, &salt, b"p"));
    serde_json::to_value(Credential::new(&identity, &salt, small, &verifier)).expect("JSON")
}

impl Seeds<'_> {
    fn add(&mut self, target: &str, name: &str, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        let folder = self.folder.join(target);
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join(name), bytes)
    }

    fn addresses(&mut self) -> io::Result<()> {
        let listed = [
            ("plain", "person@example.com"),
            ("tagged", "a.b+c_d%e!#$&'*/=?^`{|}~-@example.co.uk"),
            ("unicode", "José@Bücher.example"),
            ("decomposed", "JOSE\u{301}@bu\u{308}cher.EXAMPLE"),
            ("wide", "\u{ff4b}nown@\u{ff45}xample.com"),
            ("quoted", "\"a b\"@example.com"),
            ("literal", "a@[127.0.0.1]"),
            ("number", "a@127.0.0.1"),
            ("escaped", "a@ex%61mple.com"),
            ("two", "a@b@c"),
            ("grows", "\u{fdfa}\u{33c2}@\u{33c7}.example"),
            ("grows-too-long", &format!("{}@{}example", "a".repeat(64), "\u{3300}\u{3300}.".repeat(8))),
            ("dotted-i", "\u{130}\u{131}I@\u{130}.example"),
            ("sharp-s", "stra\u{df}e\u{1e9e}@stra\u{df}e.example"),
            ("sigma", "\u{3a3}\u{3c2}\u{3c3}@\u{3a3}.example"),
            ("joined", "a\u{200d}b@\u{915}\u{94d}\u{200d}\u{937}.example"),
            ("soft", "a\u{ad}b@ex\u{ad}ample.com"),
            ("long", &format!("{}@{}.example", "a".repeat(64), "b".repeat(63))),
            ("puny", "a@xn--bcher-kva.example"),
        ];
        listed.iter().try_for_each(|(name, text)| self.add("address", name, text))
    }

    fn messages(&mut self) -> io::Result<()> {
        let (ticket, refresh) = (format!("tk_{}", "A".repeat(43)), format!("rt_{}", "A".repeat(43)));
        let tokens = json!({
            "access_token": "a.b.c", "refresh_token": refresh, "token_type": "Bearer", "expires_in": 300,
        });
        let sign_up = json!({
            "auth_id": "a@b.example", "credential": credential(), "display_name": "Ada", "language": "en-GB",
        });
        let proof = json!({
            "handshake": "AAAA", "A": "ab", "M1": hex_of(1, 32), "refresh_delivery": "cookie", "device_name": "D",
        });
        let challenge = json!({
            "handshake": "AAAA", "identity": credential()["identity"], "salt": hex_of(1, 32), "preset": 3, "B": "ab",
        });
        let result = json!({
            "M2": hex_of(2, 32), "confirm": hex_of(3, 32), "user_id": "u", "session_id": "s", "tokens": tokens,
        });
        // The first byte chooses the message: its place in `targets::messages` and, for requests, in `targets::body`.
        let listed = [
            ("sign-up-check", 0, json!({"auth_id": "a@b.example"})),
            ("sign-up", 1, sign_up),
            ("resend", 2, json!({"auth_id": "a@b.example", "ticket": ticket})),
            ("activate-link", 3, json!({"token": "A".repeat(43)})),
            ("activate-code", 3, json!({"auth_id": "a@b.example", "code": "ABCDE-FGHJK"})),
            ("login-start", 4, json!({"auth_id": "a@b.example", "ticket": ticket})),
            ("login-proof", 5, proof),
            ("refresh", 6, json!({"refresh_token": refresh})),
            ("refresh-empty", 6, json!({})),
            ("credential", 7, credential()),
            ("challenge", 8, challenge),
            ("result", 9, result),
            ("tokens", 10, tokens.clone()),
            ("refreshed", 11, json!({"tokens": tokens})),
            ("accepted", 12, json!({"ticket": ticket, "expires_in": 86_400, "resend_after": 60})),
            ("availability", 13, json!({"availability": "undisclosed"})),
            ("resent", 14, json!({"resend_after": 60})),
            ("activated", 15, json!({"auth_id": "a@b.example"})),
        ];
        for (name, kind, value) in listed {
            let bytes = [&[kind], serde_json::to_vec(&value)?.as_slice()].concat();
            self.add("messages", name, &bytes)?;
            if kind < 8 {
                self.add("body", name, &bytes)?;
                self.add("requests", name, [&[kind.min(6), 0], &bytes[1..]].concat())?;
            }
        }
        for (number, name) in [(9_u8, "logout"), (11, "me"), (12, "settings"), (13, "sessions"), (14, "revoke")] {
            self.add("requests", name, [number, SIGNED_IN])?;
        }
        self.passwords_and_accounts()?;
        self.add("requests", "cookie", [&[6, 0b0011_1000], b"{}".as_slice()].concat())?;
        let odd = [
            ("null", r#"{"auth_id":null}"#.to_owned()),
            ("no-text", r#"{"refresh_token":5}"#.to_owned()),
            ("null-unknown", r#"{"surprise":null}"#.to_owned()),
            ("float", r#"{"identity":"","salt":"","preset":3.0,"verifier":""}"#.to_owned()),
            ("twice", r#"{"auth_id":"a@b.example","auth_id":"c@d.example"}"#.to_owned()),
            ("deep", format!("{}{}", "{\"auth_id\":".repeat(40), "}".repeat(40))),
        ];
        for (name, text) in odd {
            for target in ["messages", "body"] {
                self.add(target, name, [&[6], text.as_bytes()].concat())?;
            }
            self.add("requests", name, [&[6, 0], text.as_bytes()].concat())?;
        }
        Ok(())
    }

    /// Change, step-up, reset, the account: what a request is, and what an answer.
    fn passwords_and_accounts(&mut self) -> io::Result<()> {
        let (secret, code) = ("A".repeat(43), "ABCDE-FGHJK");
        let proof = json!({ "handshake": "AAAA", "A": "ab", "M1": hex_of(1, 32), "sealed": "A".repeat(54) });
        let by_link = json!({ "token": secret, "credential": credential() });
        let by_code = json!({ "auth_id": "a@b.example", "code": code, "credential": credential() });
        let update = json!({ "display_name": "Ada", "language": "de-AT", "email": "c@d.example" });
        let (change, step_up) = ("/api/auth/srp/password/change", "/api/auth/srp/step-up");
        let (reset, users) = ("/api/auth/srp/password/reset", "/api/auth/users/");
        // The message's number among messages and among bodies, and the request that carries it.
        let sent = [
            ("change-start", 22, 11, (Method::POST, format!("{change}/initiate")), json!({ "purpose": "upgrade" })),
            ("change-start-empty", 22, 11, (Method::POST, format!("{change}/initiate")), json!({})),
            ("change-confirm", 23, 12, (Method::POST, format!("{change}/confirm")), proof.clone()),
            ("step-up-confirm", 23, 12, (Method::POST, format!("{step_up}/confirm")), proof),
            ("reset-request", 16, 8, (Method::POST, reset.to_owned()), json!({ "auth_id": "a@b.example" })),
            ("reset-link", 17, 9, (Method::POST, format!("{reset}/validate")), json!({ "token": secret })),
            (
                "reset-code",
                17,
                9,
                (Method::POST, format!("{reset}/validate")),
                json!({ "auth_id": "a@b.example", "code": code }),
            ),
            ("reset-complete-link", 18, 10, (Method::POST, format!("{reset}/complete")), by_link),
            ("reset-complete-code", 18, 10, (Method::POST, format!("{reset}/complete")), by_code),
            ("account-update", 26, 13, (Method::PUT, users.to_owned()), update),
            ("email-confirm", 27, 14, (Method::POST, format!("{users}email/confirm")), json!({ "token": secret })),
            ("email-undo", 27, 14, (Method::POST, format!("{users}email/undo")), json!({ "token": secret })),
        ];
        for (name, message, body, (method, path), value) in sent {
            let json = serde_json::to_vec(&value)?;
            self.add("messages", name, [&[message], json.as_slice()].concat())?;
            self.add("body", name, [&[body], json.as_slice()].concat())?;
            let operation = number_of(&method, &path);
            self.add("requests", name, [&[operation, SIGNED_IN], json.as_slice()].concat())?;
        }
        let answered = [
            ("reset-requested", 19, json!({ "expires_in": 1800, "resend_after": 60 })),
            ("reset-valid", 20, json!({ "auth_id": "a@b.example", "expires_in": 1740 })),
            ("reset-completed", 21, json!({ "auth_id": "a@b.example" })),
            ("stepped-up", 25, json!({ "M2": hex_of(2, 32), "expires_in": 600 })),
            ("email-changed", 28, json!({ "email": "c@d.example" })),
            ("sealed-credential", 24, json!({ "credential": credential(), "keep_other_sessions": true })),
        ];
        for (name, kind, value) in answered {
            self.add("messages", name, [&[kind], serde_json::to_vec(&value)?.as_slice()].concat())?;
        }
        let without_a_body = [
            ("step-up-start", Method::POST, format!("{step_up}/initiate")),
            ("export", Method::GET, format!("{users}export")),
            ("delete", Method::DELETE, users.to_owned()),
            ("audit-logs", Method::GET, "/v1/audit/logs".to_owned()),
        ];
        for (name, method, path) in without_a_body {
            self.add("requests", name, [number_of(&method, &path), SIGNED_IN])?;
        }
        Ok(())
    }

    fn encodings(&mut self) -> io::Result<()> {
        let modulus = tacit_shared::encoding::to_hex(Group::G2048.modulus());
        let mut below = modulus.clone();
        below.replace_range(511.., "2");
        let listed = [
            ("hex-32", 0, hex_of(0xab, 32)),
            ("hex-upper", 0, hex_of(0xab, 32).to_ascii_uppercase()),
            ("identity", 0, hex_of(0x11, 16)),
            ("hex-odd", 0, "abc".to_owned()),
            ("hex-sign", 0, "+1".to_owned()),
            ("base64url", 1, "AAECAwQFBgcICQoLDA0ODw".to_owned()),
            ("base64-stray", 1, "AB".to_owned()),
            ("base64-padded", 1, "AA==".to_owned()),
            ("modulus", 2, modulus),
            ("modulus-less-one", 2, below),
            ("one", 2, "1".to_owned()),
            ("two", 2, "0002".to_owned()),
            ("realm", 3, "example.com\nlogin.example.com".to_owned()),
            ("realm-local", 3, "localhost\ndemo.localhost.".to_owned()),
            ("realm-address", 3, "::1\n[::1]".to_owned()),
            ("shares", 3, "3:32 1:32".to_owned()),
            ("shares-beyond", 3, "1:4294967295 3:65".to_owned()),
            ("code", 4, "abcde-fgh1l".to_owned()),
            ("password", 4, "пароль \u{1f511}".to_owned()),
            ("unassigned", 4, "a\u{378}".to_owned()),
        ];
        listed
            .iter()
            .try_for_each(|(name, kind, text)| self.add("encodings", name, [&[*kind], text.as_bytes()].concat()))
    }

    fn headers(&mut self) -> io::Result<()> {
        let listed = [
            ("cookie", 0, "a=1; tacit_refresh=rt_a; b=2"),
            ("cookie-host", 0, "__Host-tacit_refresh=rt_a;tacit_refresh=rt_b"),
            ("cookie-empty", 0, "tacit_refresh="),
            ("forwarded", 1, "10.0.0.0/8\n1.1.1.1, 198.51.100.1, 10.2.3.4"),
            ("forwarded-ports", 1, "::ffff:10.0.0.0/104\n[2001:db8::1]:4711, 198.51.100.1:1"),
            ("forwarded-six", 1, "::1\n2001:db8::1, unknown"),
            ("network-all", 1, "0.0.0.0/0\n203.0.113.1"),
            ("origin", 2, "https://auth.example.com"),
            ("origin-app", 2, "https://app.example.com:443/"),
            ("origin-null", 2, "null"),
        ];
        listed.iter().try_for_each(|(name, kind, text)| self.add("headers", name, [&[*kind], text.as_bytes()].concat()))
    }

    fn handshakes(&mut self, world: &World) -> io::Result<()> {
        let mut state = vec![1, 1, 1, 0, 3];
        state.resize(tacit_domain::fuzz::HANDSHAKE_LENGTH, 5);
        self.add("handshake", "state", [&[0], state.as_slice()].concat())?;
        self.add("handshake", "text", [&[1], world.handshake().as_bytes()].concat())?;
        self.add("handshake", "genuine", [2])?;
        self.add("handshake", "bit-turned", [2, 4, 1, 0, 3])?;
        self.add("handshake", "cut-off", [2, 3, 2, 0, 0])
    }

    fn sealed(&mut self) -> io::Result<()> {
        let mut plain = [0; 48];
        Counting::new(5).fill(&mut plain);
        self.add(
            "sealed",
            "text",
            [&[0], b"QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXNpPDPayK40tuvUtNbX3IqghJFJsXK1Kimqc".as_slice()].concat(),
        )?;
        self.add("sealed", "round", [&[9, 32], plain.as_slice()].concat())?;
        self.add("sealed", "bit-turned", [&[9, 40], plain.as_slice(), &[4, 0, 7, 1]].concat())
    }

    fn tokens(&mut self) -> io::Result<()> {
        let headers: [(&str, &[u8]); 5] = [
            ("none", br#"{"alg":"none","typ":"at+jwt"}"#),
            ("symmetric", br#"{"alg":"HS256","typ":"at+jwt","kid":"k"}"#),
            ("own-key", br#"{"alg":"EdDSA","typ":"at+jwt","jwk":{"kty":"OKP","crv":"Ed25519","x":"AA"}}"#),
            ("critical", br#"{"alg":"EdDSA","typ":"at+jwt","crit":["b64"],"b64":false}"#),
            ("plain-type", br#"{"alg":"EdDSA","typ":"JWT","kid":"k"}"#),
        ];
        for (name, header) in headers {
            self.add("tokens", name, [&[2], header].concat())?;
            self.add("tokens", &format!("{name}-unsigned"), [&[2], header, b"\n\n0"].concat())?;
        }
        let claims = br#"{"iss":"http://localhost:8080","aud":["tacit"],"sub":"0193a6f0-5c1e-7d3a-9f42-6b8f0c2d1e57","exp":9e9}"#;
        self.add("tokens", "other-claims", [&[2, b'\n'], claims.as_slice()].concat())?;
        self.add("tokens", "genuine", [1])?;
        self.add("tokens", "bit-turned", [1, 4, 0, 90, 1])?;
        self.add("tokens", "stray-bits", [1, 4, 255, 255, 0])?;
        self.add(
            "tokens",
            "text",
            [&[0], b"eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJleGFtcGxlIn0.c2lnbmF0dXJl".as_slice()].concat(),
        )?;
        self.add(
            "tokens",
            "refresh",
            [&[3, 0], b"rt_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8".as_slice()].concat(),
        )?;
        self.add("tokens", "refresh-edited", [3, 1, 4, 0, 9, 2])
    }
}
