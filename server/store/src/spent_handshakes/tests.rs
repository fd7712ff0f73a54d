//! Tests of `spent_handshakes`.
