//! What can be held about figures without a quiet machine.

mod figures {
    mod agreement;
    mod counts;
    mod ratios;
    mod report;
}
