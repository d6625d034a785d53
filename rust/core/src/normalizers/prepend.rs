//! Prepend: text in front of everything, aligned with the first character.

use crate::error::Result;
use crate::text::{Editor, NormalizedText, Operation};

pub fn normalize(text: &mut NormalizedText<'_>, prefix: &str) -> Result<()> {
    if text.is_empty() {
        Ok(())
    } else if prefix.is_empty() {
        // No change of text, but of alignment.
        text.prepend("")
    } else {
        text.edit(&mut Prepend { prefix })
    }
}

struct Prepend<'p> {
    prefix: &'p str,
}

impl Operation for Prepend<'_> {
    fn run<const TRACK: bool>(&mut self, source: &str, editor: &mut Editor<'_, TRACK>) -> Result<()> {
        editor.insert(self.prefix, Some(0));
        editor.copy(0, source.len());
        Ok(())
    }
}
