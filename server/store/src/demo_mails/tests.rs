//! Tests of `demo_mails`.
