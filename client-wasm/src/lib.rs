//! tacit-client-wasm
