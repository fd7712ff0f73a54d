//! Tests of `throttles`.
