//! Tests of `epoch_keys`.
