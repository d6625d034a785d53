//! Strip: removes white space at the start, the end, or both.

use crate::error::Result;
use crate::text::{Editor, NormalizedText, Operation};

pub fn normalize(text: &mut NormalizedText<'_>, left: bool, right: bool) -> Result<()> {
    let whole = text.get();
    let mut start = 0;
    let mut end = whole.len();
    if left {
        start = end - whole.trim_start().len();
    }
    if right {
        end = start + whole[start..].trim_end().len();
    }
    if start == 0 && end == whole.len() {
        Ok(())
    } else if text.is_regular() {
        text.edit(&mut Keep { start, end })
    } else if left && right {
        text.strip(true, true)
    } else {
        text.strip(left, false)?;
        text.strip(false, right)
    }
}

struct Keep {
    start: usize,
    end: usize,
}

impl Operation for Keep {
    fn run<const TRACK: bool>(&mut self, _: &str, editor: &mut Editor<'_, TRACK>) -> Result<()> {
        editor.copy(self.start, self.end);
        Ok(())
    }
}
