//! The one table of error codes: what a problem is called, its class, and what people read.
//!
//! A code is stable. Its class decides the HTTP status; the text may change.

/// What kind of failure a code is. Each class is one HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The request itself is wrong.
    BadRequest,
    /// Who asks has not shown who they are.
    Unauthenticated,
    /// Known, and not allowed.
    Forbidden,
    /// No such thing, or none the caller may see.
    NotFound,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// The state of things does not allow it.
    Conflict,
    /// The request did not arrive in time.
    RequestTimeout,
    /// The body is longer than accepted.
    BodyTooLarge,
    /// The body is not JSON.
    UnsupportedMediaType,
    /// Later, not now.
    TooManyRequests,
    /// A fault of the server.
    Internal,
    /// The server cannot do it at the moment.
    Unavailable,
}

impl Class {
    /// The HTTP status of the class.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::Conflict => 409,
            Self::RequestTimeout => 408,
            Self::BodyTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::TooManyRequests => 429,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }
}

/// Writes the table once; the enum, the list of all codes and the four columns cannot fall apart.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $wire:literal, $class:ident, $title:literal, $detail:literal;)+) => {
        /// Every problem this server can report.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Code {
            /// Every code, for documents and tests.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The code as it stands on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $wire,)+ }
            }

            /// The class, and with it the HTTP status.
            #[must_use]
            pub const fn class(self) -> Class {
                match self { $(Self::$name => Class::$class,)+ }
            }

            /// What the problem is, in a few words.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }

            /// What the problem is and what can be done, in a sentence.
            #[must_use]
            pub const fn detail(self) -> &'static str {
                match self { $(Self::$name => $detail,)+ }
            }
        }
    };
}

codes! {
    /// A body, parameter or member is not as documented; `fields` says which.
    InvalidRequest = "invalid_request", BadRequest, "Invalid request", "The request is not as documented.";
    /// No access token, or one that does not count any more.
    Unauthenticated = "unauthenticated", Unauthenticated, "Not signed in", "A valid access token is required.";
    /// The caller's role does not allow it.
    Forbidden = "forbidden", Forbidden, "Not allowed", "The account may not do this.";
    /// A request with the refresh cookie and without an allowed origin or the required header.
    CsrfRejected = "csrf_rejected", Forbidden, "Request of unknown origin", "A request with the cookie needs an allowed Origin and the X-Tacit-Client header.";
    /// No such path.
    NotFound = "not_found", NotFound, "Not found", "There is nothing at this path.";
    /// The path exists with other methods.
    MethodNotAllowed = "method_not_allowed", MethodNotAllowed, "Method not allowed", "This path does not take this method.";
    /// The body did not arrive within ten seconds.
    RequestTimeout = "request_timeout", RequestTimeout, "Request timed out", "The request body took too long to arrive.";
    /// The body is longer than 32 KiB.
    BodyTooLarge = "body_too_large", BodyTooLarge, "Body too large", "The request body is longer than accepted.";
    /// The body is not declared as JSON, or not as the form that the operation takes.
    UnsupportedMediaType = "unsupported_media_type", UnsupportedMediaType, "Unsupported media type", "The request body is not of a media type that this operation takes.";
    /// Too many requests from this caller.
    TooManyRequests = "too_many_requests", TooManyRequests, "Too many requests", "Wait as long as Retry-After says, then try again.";
    /// A fault of the server; its log has the request id.
    Internal = "internal", Internal, "Internal error", "The server could not do this. The fault has been logged.";
    /// A part the server needs does not answer.
    Unavailable = "unavailable", Unavailable, "Unavailable", "The server cannot do this at the moment.";

    /// New accounts are not accepted.
    RegistrationDisabled = "registration_disabled", Forbidden, "Registration is closed", "This server takes no new accounts.";
    /// Only with `reveal_accounts`: the address has an account.
    AccountExists = "account_exists", Conflict, "Account exists", "There is an account with this address.";
    /// Only with `reveal_accounts`: the address is already activated.
    AccountAlreadyActivated = "account_already_activated", Conflict, "Already activated", "The account with this address is already activated.";
    /// Only with `reveal_accounts`: the address has no account.
    AccountUnknown = "account_unknown", NotFound, "Unknown account", "There is no account with this address.";
    /// An activation mail was sent less than a minute ago.
    ResendTooSoon = "resend_too_soon", TooManyRequests, "Mail sent recently", "A mail was sent a moment ago. Wait as long as Retry-After says.";
    /// The activation secret or code is wrong, expired or used.
    ActivationInvalid = "activation_invalid", Unauthenticated, "Activation is not valid", "The link or code is wrong, has expired or was used.";

    /// Only with `reveal_accounts`: `account_unknown` when a login begins, where it is 401.
    LoginUnknown = "account_unknown", Unauthenticated, "Unknown account", "There is no account with this address.";
    /// The proof does not verify; nothing tells the cases apart.
    ProofRejected = "proof_rejected", Unauthenticated, "Wrong address or password", "The address or the password is wrong.";
    /// The handshake is older than two minutes.
    HandshakeExpired = "handshake_expired", Unauthenticated, "Handshake has expired", "The login took too long. Begin again.";
    /// The handshake was used before.
    HandshakeSpent = "handshake_spent", Unauthenticated, "Handshake was used", "A handshake serves one attempt. Begin again.";
    /// The handshake is not one of this server's, or not for this purpose.
    HandshakeInvalid = "handshake_invalid", Unauthenticated, "Handshake is not valid", "This handshake cannot be used here. Begin again.";
    /// Told only after a valid proof (or with `reveal_accounts`).
    AccountNotActivated = "account_not_activated", Forbidden, "Not activated", "The account has not been activated yet.";
    /// Told only after a valid proof.
    AccountDisabled = "account_disabled", Forbidden, "Account is disabled", "The account has been disabled.";
    /// Too many failed proofs for this address, or wrong codes.
    TooManyAttempts = "too_many_attempts", TooManyRequests, "Too many attempts", "Wait as long as Retry-After says, then try again.";
    /// A hundred proofs in a row have failed for this address.
    LoginLocked = "login_locked", Forbidden, "Login is locked", "Too many attempts have failed. Use a device that has signed in before, reset the password, or ask an administrator.";
    /// The queue for password proofs is full.
    SrpBusy = "srp_busy", Unavailable, "Busy", "The server is busy. Try again in a moment.";

    /// The proof is valid, and what it authorises does not open: it was altered, or sealed for something else.
    SealedInvalid = "sealed_invalid", BadRequest, "Sealed body does not open", "What was sealed under the proof was altered, or is for another session or operation.";
    /// The credential that was proved is not the account's any more.
    CredentialReplaced = "credential_replaced", Unauthenticated, "Password was changed meanwhile", "The password was changed meanwhile. Nothing was done; begin again with the new one.";
    /// An upgrade of a credential that is not below today's preset, or to one that is.
    UpgradeRefused = "upgrade_refused", BadRequest, "No upgrade", "Only a credential below the default preset is upgraded, and not to one below it.";
    /// The session has not shown the password of late.
    StepUpRequired = "step_up_required", Forbidden, "Password needed again", "This asks for the password again: step up, then repeat the request.";

    /// The secret of a password reset is wrong, expired or used.
    ResetInvalid = "reset_invalid", Unauthenticated, "Reset is not valid", "The link or code is wrong, has expired or was used.";
    /// The same when the reset is completed, where it is 400.
    ResetRefused = "reset_invalid", BadRequest, "Reset is not valid", "The link or code is wrong, has expired or was used.";
    /// The secret that confirms or undoes a change of address is wrong, expired or used, or the address is taken.
    EmailChangeInvalid = "email_change_invalid", Unauthenticated, "Change of address is not valid", "The link is wrong, has expired or was used, or the address cannot be had any more.";

    /// The refresh token is unknown, expired or its session has ended.
    RefreshInvalid = "refresh_invalid", Unauthenticated, "Refresh token is not valid", "Sign in again.";
    /// The refresh token had been used before; the session was ended.
    RefreshReused = "refresh_reused", Unauthenticated, "Refresh token was used", "The token had been used before, so the session was ended. Sign in again.";
    /// No such session among the caller's own.
    SessionUnknown = "session_unknown", NotFound, "Unknown session", "There is no such session.";

    /// No provider of this name is configured.
    ProviderUnknown = "provider_unknown", NotFound, "Unknown provider", "There is no such provider on this server.";
    /// The browser brings no cookie of the flow, or that of another flow, browser or provider.
    OauthStateMismatch = "oauth_state_mismatch", BadRequest, "Sign-in was begun elsewhere", "This browser did not begin the sign-in, or has begun another since. Begin again.";
    /// The state was forged, has expired or was used before.
    OauthStateInvalid = "oauth_state_invalid", Unauthenticated, "Sign-in is not valid", "The sign-in took too long, was used before or is none of this server's. Begin again.";
    /// The provider answered with an error of its own, such as `access_denied`.
    OauthRefused = "oauth_refused", BadRequest, "Refused by the provider", "The provider did not sign the person in.";
    /// The provider did not take the code, or the verifier that belongs to it.
    ProviderRefused = "provider_refused", Internal, "The provider refused the exchange", "The provider did not accept the code. Begin again.";
    /// The provider does not answer, not in time, or with something that is no answer.
    ProviderUnavailable = "provider_unavailable", Internal, "The provider does not answer", "The provider cannot be reached or does not answer as it should. Try again later.";
    /// The provider's token is not signed by it, or not for us, now, and this sign-in.
    ProviderTokenInvalid = "provider_token_invalid", Internal, "The provider's token is not valid", "The provider's token could not be verified. Begin again.";
    /// What the provider says of the person does not fit its token.
    ProviderUserInfoInvalid = "provider_user_info_invalid", Internal, "The provider's user information is not valid", "What the provider says of the person could not be used. Begin again.";
    /// The one-time code of a sign-in is wrong, expired or used, or the verifier is another.
    OauthCodeInvalid = "oauth_code_invalid", Unauthenticated, "Code is not valid", "The code is wrong, has expired or was used. Begin the sign-in again.";
    /// The provider does not vouch for the address, and nobody is linked to this identity.
    EmailUnverified = "email_unverified", Forbidden, "Address is not confirmed", "The provider does not vouch for the address. Sign up with a password, or log in and link this provider.";
    /// The address has an account already, to which this identity is not linked by itself.
    LinkRequired = "link_required", Conflict, "Account exists", "There is an account with this address. Log in to it, then link this provider in its settings.";
    /// The identity is linked to an account already.
    IdentityTaken = "identity_taken", Conflict, "Already linked", "This identity is linked to an account already.";
    /// No such identity among the caller's own.
    IdentityUnknown = "identity_unknown", NotFound, "Unknown identity", "There is no such identity.";
    /// Without this identity nobody could log in to the account any more.
    LastWayIn = "last_way_in", Conflict, "The last way in", "Without it nobody could log in to this account. Set a password or link another provider first.";
    /// The account has a password, which is changed, not set.
    PasswordExists = "password_exists", Conflict, "There is a password", "The account has a password already. Change it instead.";
    /// The account has no password that could be proved.
    PasswordMissing = "password_missing", Conflict, "There is no password", "The account has no password. Step up with a linked provider, and set one.";
    /// The provider cannot be asked to prove anew who somebody is.
    StepUpUnavailable = "step_up_unavailable", BadRequest, "No step-up with this provider", "This provider cannot be asked to prove anew who this is. Use the password or another provider.";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_code_and_its_status_occur_once() {
        let seen: HashSet<_> = Code::ALL.iter().map(|code| (code.as_str(), code.class().status())).collect();
        assert_eq!(seen.len(), Code::ALL.len());
    }

    #[test]
    fn only_two_codes_have_two_statuses() {
        let twice: Vec<_> = Code::ALL
            .iter()
            .filter(|code| Code::ALL.iter().filter(|other| other.as_str() == code.as_str()).count() > 1)
            .map(|code| code.as_str())
            .collect();
        assert_eq!(twice, ["account_unknown", "account_unknown", "reset_invalid", "reset_invalid"]);
    }

    #[test]
    fn codes_are_snake_case_and_texts_are_whole() {
        for code in Code::ALL {
            assert!(code.as_str().chars().all(|letter| letter.is_ascii_lowercase() || letter == '_'), "{code:?}");
            assert!(!code.title().ends_with('.') && code.detail().ends_with('.'), "{code:?}");
        }
    }
}
