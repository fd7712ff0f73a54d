//! The settings a test starts the server with.

/// Settings on top of the harness's own, as `TACIT_*` variables would give them.
#[derive(Clone, Default)]
pub struct Setup {
    pub(crate) settings: Vec<(String, String)>,
}

impl Setup {
    /// The usual settings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With one setting, by its key: `limits.srp_workers`.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.settings.push((key.to_owned(), value.to_owned()));
        self
    }

    /// With the early answers that tell which addresses have accounts.
    #[must_use]
    pub fn revealing() -> Self {
        Self::new().with("reveal_accounts", "true")
    }
}

/// The variable that gives a setting: `mail.port` is `TACIT_MAIL__PORT`.
pub(crate) fn variable(key: &str) -> String {
    format!("TACIT_{}", key.replace('.', "__").to_uppercase())
}
