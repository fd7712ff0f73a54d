//! What the requests of a sign-up say, parsed.

use tacit_shared::FieldCode;
use tacit_shared::limits;
use tacit_shared::messages::{self, ParsedCredential};
use zeroize::Zeroizing;

use crate::address::Address;
use crate::fault::InvalidInput;
use crate::secrets;
use crate::text;

/// A question whether an address is free.
pub struct CheckAddress {
    pub(super) address: Address,
}

impl TryFrom<messages::SignUpCheck> for CheckAddress {
    type Error = InvalidInput;

    fn try_from(message: messages::SignUpCheck) -> Result<Self, InvalidInput> {
        Ok(Self { address: Address::parse(&message.auth_id)? })
    }
}

/// A new credential for an address.
pub struct SignUp {
    pub(super) address: Address,
    pub(super) credential: ParsedCredential,
    pub(super) display_name: Option<String>,
    pub(super) language: Option<String>,
}

impl TryFrom<messages::SignUp> for SignUp {
    type Error = InvalidInput;

    fn try_from(message: messages::SignUp) -> Result<Self, InvalidInput> {
        let address = Address::parse(&message.auth_id)?;
        let credential = message.credential.parse().map_err(|error| error.within("credential"))?;
        if message.display_name.as_ref().is_some_and(|name| !text::is_line(name, limits::DISPLAY_NAME_MAX)) {
            return Err(InvalidInput::field("display_name", FieldCode::Malformed));
        }
        if message.language.as_ref().is_some_and(|tag| !text::is_language(tag)) {
            return Err(InvalidInput::field("language", FieldCode::Malformed));
        }
        Ok(Self { address, credential, display_name: message.display_name, language: message.language })
    }
}

/// A wish for another activation mail.
pub struct ResendActivation {
    pub(super) address: Address,
    pub(super) ticket: Option<String>,
}

impl TryFrom<messages::ResendActivation> for ResendActivation {
    type Error = InvalidInput;

    fn try_from(message: messages::ResendActivation) -> Result<Self, InvalidInput> {
        Ok(Self { address: Address::parse(&message.auth_id)?, ticket: message.ticket })
    }
}

/// A one-time secret that shows whose address it is.
pub struct Activation {
    pub(super) secret: ActivationSecret,
    pub(super) credential: Option<ParsedCredential>,
}

pub(super) enum ActivationSecret {
    /// From a link.
    Link(Zeroizing<String>),
    /// Typed, already in normal form.
    Code { address: Address, code: Zeroizing<String> },
}

impl TryFrom<messages::Activate> for Activation {
    type Error = InvalidInput;

    fn try_from(message: messages::Activate) -> Result<Self, InvalidInput> {
        let credential = message.credential.map(|credential| credential.parse()).transpose();
        let credential = credential.map_err(|error| error.within("credential"))?;
        let secret = match (message.token, message.auth_id, message.code) {
            (Some(token), None, None) => ActivationSecret::Link(Zeroizing::new(token)),
            (None, Some(auth_id), Some(code)) => {
                let code = Zeroizing::new(code);
                let normal =
                    secrets::normalise_code(&code).ok_or_else(|| InvalidInput::field("code", FieldCode::Malformed))?;
                ActivationSecret::Code { address: Address::parse(&auth_id)?, code: normal }
            }
            (None, Some(_), None) => return Err(InvalidInput::field("code", FieldCode::Required)),
            (None, None, Some(_)) => return Err(InvalidInput::field("auth_id", FieldCode::Required)),
            (None, None, None) => return Err(InvalidInput::field("token", FieldCode::Required)),
            (Some(_), ..) => return Err(InvalidInput::field("token", FieldCode::Unexpected)),
        };
        Ok(Self { secret, credential })
    }
}
