//! What secrets leave behind on the stack.

use core::hint::black_box;

use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroizing;

/// Three times as deep as any call here goes.
const DEPTH: usize = 32 * 1024;

/// Overwrites what calls that have returned left on the stack.
///
/// A secret is wiped where it is last, but a value that moves leaves a copy where it was. For a caller with nothing on the
/// stack itself: JavaScript, and no function here.
#[expect(clippy::large_stack_arrays, reason = "to be that large is what it is for")]
#[wasm_bindgen(js_name = wipeStack)]
pub fn wipe_stack() {
    black_box(&mut *Zeroizing::new([0_u8; DEPTH]));
}
