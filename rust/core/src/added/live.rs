//! Added tokens as a tokenizer has them at present.
//!
//! It keeps the ids that were given, and the texts that were normalized, when each token was
//! added; a model, a normalizer or a token changed since would give others on a reload.

use crate::config::AddedToken;

#[derive(Debug, Clone)]
pub struct LiveToken {
    /// With its true id.
    pub token: AddedToken,
    /// The id's string: what is looked for, if the token is `normalized`. `None`: what the
    /// normalizer makes of the content now.
    pub text: Option<String>,
    /// Whether its content is known as a special token's, perhaps from earlier; `None` if that
    /// cannot be seen.
    pub special: Option<bool>,
}

#[derive(Debug, Clone, Default)]
pub struct LiveTokens {
    pub tokens: Vec<LiveToken>,
    /// Contents whose id has become another token's: they still have it, but are not found.
    pub shadowed: Vec<(String, u32)>,
}
