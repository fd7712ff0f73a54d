//! The server from outside, sentence by sentence; folders mirror the surfaces, files their nouns.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod contract;

mod srp {
    mod activation;
    mod login;
    mod many_logins;
    mod sessions;
    mod sign_up;
    mod unknown_accounts;
}

mod platform {
    mod auth;
    mod cookies;
    mod refresh;
    mod sessions;
}

mod ops {
    mod health;
    mod housekeeping;
    mod keys;
    mod metrics;
}

mod http {
    mod cors;
    mod pages;
    mod problems;
    mod proxies;
    mod request_ids;
}

mod app {
    mod commands;
    mod mail;
    mod nodes;
    mod process;
}

mod ops_faults {
    mod canary;
    mod clock;
    mod refresh;
    mod settings;
    mod smtp;
    mod start;
}

mod openapi;
