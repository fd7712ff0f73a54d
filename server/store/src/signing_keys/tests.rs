//! Tests of `signing_keys`.
