//! Tests of `migrate`.
