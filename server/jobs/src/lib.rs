//! tacit-jobs
