//! Tests of `pending_credentials`.
