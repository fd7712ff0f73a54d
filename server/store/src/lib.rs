//! tacit-store
