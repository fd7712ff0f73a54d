//! The state between the two steps of a login: its fixed bytes, and its sealed text.

use crate::edits::{choice, edited};
use crate::world::World;

pub fn run(data: &[u8]) {
    let (kind, rest) = choice(data);
    match kind % 3 {
        0 => tacit_domain::fuzz::handshake(rest),
        1 => {
            if let Ok(text) = std::str::from_utf8(rest) {
                tacit_domain::fuzz::sealed_handshake(text);
                World::with(|world| {
                    assert_eq!(world.opens(text), text == world.handshake(), "a made-up handshake opens")
                });
            }
        }
        _ => World::with(|world| {
            let genuine = world.handshake();
            let changed = edited(genuine.as_bytes(), rest);
            let Ok(changed) = String::from_utf8(changed) else { return };
            tacit_domain::fuzz::sealed_handshake(&changed);
            if changed == genuine {
                assert!(world.opens(&changed), "the genuine handshake does not open");
            } else {
                assert!(!world.opens(&changed), "an altered handshake opens");
            }
        }),
    }
}
