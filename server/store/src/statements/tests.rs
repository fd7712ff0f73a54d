//! Tests of `statements`.
