//! Where something computed from secrets becomes public.
//!
//! `shared/ct` runs the arithmetic of both sides with every secret marked, and reports each branch and each address that
//! depends on one. What is about to be sent or told is declared here first, so that this is the whole list of what the
//! code may branch on. In any other build nothing happens here.

use subtle::Choice;

/// These bytes are for the other side to see.
#[cfg(not(constant_time_check))]
pub(crate) const fn declare(_bytes: &mut [u8]) {}

/// This verdict is for the other side to see.
#[cfg(not(constant_time_check))]
pub(crate) fn verdict(choice: Choice) -> bool {
    choice.into()
}

#[cfg(constant_time_check)]
pub(crate) fn declare(bytes: &mut [u8]) {
    if let Some(hook) = HOOK.get() {
        hook(bytes);
    }
}

#[cfg(constant_time_check)]
pub(crate) fn verdict(choice: Choice) -> bool {
    let mut told = [choice.unwrap_u8()];
    declare(&mut told);
    told == [1]
}

#[cfg(constant_time_check)]
static HOOK: std::sync::OnceLock<fn(&mut [u8])> = std::sync::OnceLock::new();

/// Lets the check know of what is declared.
#[cfg(constant_time_check)]
pub fn on_declare(hook: fn(&mut [u8])) {
    HOOK.get_or_init(|| hook);
}
