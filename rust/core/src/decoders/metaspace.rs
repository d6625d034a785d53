//! `Metaspace`: the replacement character becomes a space, or nothing in the first token.

use crate::config::PrependScheme;

#[derive(Debug)]
pub struct Metaspace {
    replacement: char,
    drops_first: bool,
}

impl Metaspace {
    pub(super) fn new(replacement: char, prepend_scheme: PrependScheme) -> Self {
        Self { replacement, drops_first: prepend_scheme != PrependScheme::Never }
    }

    pub(super) fn drops_first(&self) -> bool {
        self.drops_first
    }

    pub(super) fn map(&self, token: String, first: bool) -> String {
        if !token.contains(self.replacement) {
            return token;
        }
        token.replace(self.replacement, if first && self.drops_first { "" } else { " " })
    }
}
