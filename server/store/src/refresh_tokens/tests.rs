//! Tests of `refresh_tokens`.
