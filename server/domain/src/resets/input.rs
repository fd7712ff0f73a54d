//! What the requests of a reset say, parsed.

use tacit_shared::FieldCode;
use tacit_shared::messages::{self, ParsedCredential};
use zeroize::Zeroizing;

use crate::address::Address;
use crate::fault::InvalidInput;
use crate::secrets;

/// A wish for a mail that resets a password.
pub struct RequestReset {
    pub(super) address: Address,
}

impl TryFrom<messages::ResetRequest> for RequestReset {
    type Error = InvalidInput;

    fn try_from(message: messages::ResetRequest) -> Result<Self, InvalidInput> {
        Ok(Self { address: Address::parse(&message.auth_id)? })
    }
}

/// A mailed secret.
pub struct ShownReset {
    pub(super) secret: ResetSecret,
}

pub(super) enum ResetSecret {
    /// From a link; an address that is named beside it has to fit.
    Link { link: Zeroizing<String>, address: Option<Address> },
    /// Typed, already in normal form.
    Code { code: Zeroizing<String>, address: Address },
}

impl TryFrom<messages::ResetSecret> for ShownReset {
    type Error = InvalidInput;

    fn try_from(message: messages::ResetSecret) -> Result<Self, InvalidInput> {
        let (token, code) = (message.token.map(Zeroizing::new), message.code.map(Zeroizing::new));
        let address = message.auth_id.map(|auth_id| Address::parse(&auth_id)).transpose()?;
        let secret = match (token, address, code) {
            (Some(link), address, None) => ResetSecret::Link { link, address },
            (None, Some(address), Some(code)) => {
                let normal = secrets::normalise_code(&code);
                let code = normal.ok_or_else(|| InvalidInput::field("code", FieldCode::Malformed))?;
                ResetSecret::Code { code, address }
            }
            (None, Some(_), None) => return Err(InvalidInput::field("code", FieldCode::Required)),
            (None, None, Some(_)) => return Err(InvalidInput::field("auth_id", FieldCode::Required)),
            (None, None, None) => return Err(InvalidInput::field("token", FieldCode::Required)),
            (Some(_), _, Some(_)) => return Err(InvalidInput::field("token", FieldCode::Unexpected)),
        };
        Ok(Self { secret })
    }
}

/// A mailed secret, and the credential that is to take the old one's place.
pub struct CompleteReset {
    pub(super) shown: ShownReset,
    pub(super) credential: ParsedCredential,
}

impl TryFrom<messages::ResetCompletion> for CompleteReset {
    type Error = InvalidInput;

    fn try_from(message: messages::ResetCompletion) -> Result<Self, InvalidInput> {
        let credential = message.credential.parse().map_err(|error| error.within("credential"))?;
        let (token, auth_id, code) = (message.token, message.auth_id, message.code);
        Ok(Self { shown: messages::ResetSecret { token, auth_id, code }.try_into()?, credential })
    }
}
