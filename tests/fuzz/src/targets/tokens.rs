//! Access and refresh tokens: of all texts, the one that was handed out counts.

use tacit_shared::encoding::to_base64url;

use crate::edits::{choice, edited};
use crate::world::World;

pub fn run(data: &[u8]) {
    let (kind, rest) = choice(data);
    World::with(|world| {
        let genuine = world.access_token().to_owned();
        let token = match kind % 4 {
            0 => String::from_utf8_lossy(rest).into_owned(),
            1 => String::from_utf8_lossy(&edited(genuine.as_bytes(), rest)).into_owned(),
            2 => forged(&genuine, rest),
            _ => return refresh(world, rest),
        };
        assert_eq!(world.accepts(&token), token == genuine, "{token}");
    });
}

/// Header and claims of the attacker's own, under no signature, an empty one, or that of a genuine token.
fn forged(genuine: &str, parts: &[u8]) -> String {
    let mut parts = parts.split(|byte| *byte == b'\n');
    let (header, claims, which) = (parts.next(), parts.next(), parts.next());
    let mut original = genuine.split('.');
    let mut part = |own: Option<&[u8]>| {
        let theirs = original.next().unwrap_or_default();
        own.filter(|own| !own.is_empty()).map_or_else(|| theirs.to_owned(), to_base64url)
    };
    let (header, claims) = (part(header), part(claims));
    let signature = original.next().unwrap_or_default();
    match which.and_then(<[u8]>::first) {
        None => [header, claims, signature.to_owned()].join("."),
        Some(b'0') => [header, claims].join("."),
        Some(_) => [header, claims, String::new()].join("."),
    }
}

fn refresh(world: &World, data: &[u8]) {
    let genuine = world.refresh_token();
    let (how, rest) = choice(data);
    let token = if how % 2 == 0 { rest.to_vec() } else { edited(genuine.as_bytes(), rest) };
    let token = String::from_utf8_lossy(&token);
    // The genuine one would be spent, and the next input would end the session.
    assert!(token == genuine || !world.refreshes(&token), "{token}");
}
