//! The server from outside, sentence by sentence; folders mirror the surfaces, files their nouns.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod contract;

mod srp {
    mod activation;
    mod indistinguishable;
    mod kept_between_logins;
    mod login;
    mod many_logins;
    mod passwords;
    mod resets;
    mod sessions;
    mod sign_up;
    mod step_up;
    mod unknown_accounts;
    mod users;
}

mod platform {
    mod audit;
    mod auth;
    mod cookies;
    mod refresh;
    mod sessions;
    mod tokens;
}

mod oauth {
    mod addresses;
    mod browser;
    mod faults;
    mod identities;
    mod linking;
    mod mobile;
    mod presets;
    mod real_provider;
    mod web;
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
    mod security_headers;
}

mod limits {
    mod clients;
    mod guessing;
}

mod load {
    mod capacity;
    mod connections;
    mod memory;
}

mod app {
    mod commands;
    mod commands_alone;
    mod mail;
    mod nodes;
    mod process;
}

mod attacks {
    mod account;
    mod addresses;
    mod at_once;
    mod audit;
    mod authorisations;
    mod between_the_steps;
    mod bodies;
    mod handshakes;
    mod new_credentials;
    mod numbers;
    mod operations;
    mod proofs;
    mod raw_http;
    mod requests;
    mod resets;
    mod stolen_rows;
}

mod faults {
    mod backup;
    mod killed;
    mod load;
    mod people;
    mod postgres;
    mod races;
    mod sqlite;
    mod start;
    mod two_nodes;
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
