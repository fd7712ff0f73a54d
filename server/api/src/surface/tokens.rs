//! Tokens as every dialect writes them.

use tacit_domain::RefreshDelivery;
use tacit_domain::tokens::TokenPair;
use tacit_shared::messages::Tokens;

/// The tokens for the answer's body; one that travels as a cookie stays out of it.
pub(crate) fn tokens(pair: &TokenPair, delivery: RefreshDelivery) -> Tokens {
    let in_body = delivery == RefreshDelivery::Body;
    Tokens {
        access_token: pair.access_token.to_string(),
        refresh_token: in_body.then(|| pair.refresh_token.to_string()),
        token_type: "Bearer".to_owned(),
        expires_in: pair.expires_in,
    }
}
