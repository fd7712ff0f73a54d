//! tacit-domain
