//! tacit-shared
