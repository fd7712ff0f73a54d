//! Changes to something genuine: what a fuzzer would never guess, it can still spoil.

/// Applies changes of four bytes each: what to do, where, and a byte for it.
pub fn edited(genuine: &[u8], changes: &[u8]) -> Vec<u8> {
    let mut out = genuine.to_vec();
    for change in changes.chunks_exact(4) {
        let &[kind, high, low, byte] = change else { break };
        let at = usize::from(u16::from_be_bytes([high, low])) % (out.len() + 1);
        match kind % 5 {
            0 if at < out.len() => out[at] = byte,
            1 => out.insert(at, byte),
            2 if at < out.len() => drop(out.remove(at)),
            3 => out.truncate(at),
            4 if at < out.len() => out[at] ^= 1 << (byte % 8),
            _ => {}
        }
    }
    out
}

/// The first byte, to choose by, and the rest.
pub fn choice(data: &[u8]) -> (u8, &[u8]) {
    data.split_first().map_or((0, data), |(first, rest)| (*first, rest))
}
