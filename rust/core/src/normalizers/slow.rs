//! The normalizers that are maps of characters, as stock runs them: step after step, each a
//! transformation of the whole text.

use super::bert::BertNormalizer;
use super::{byte_level, nmt};
use crate::error::Result;
use crate::text::NormalizedText;
use crate::unicode::{FLAGS, Form, RECORD_OF, RECORDS, Record, flags};

fn record(c: char) -> &'static Record {
    &RECORDS[usize::from(RECORD_OF.get(c as u32))]
}

pub fn bert(text: &mut NormalizedText<'_>, options: &BertNormalizer) -> Result<()> {
    if options.clean_text {
        text.filter(|c| !record(c).is(Record::REMOVED))?;
        text.map(|c| if record(c).is(Record::SPACE) { ' ' } else { c })?;
    }
    if options.handle_chinese_chars {
        text.expand(|c| if record(c).is(Record::CHINESE) { vec![' ', c, ' '] } else { vec![c] })?;
    }
    if options.strip_accents {
        text.normal_form(Form::Nfd)?;
        text.filter(|c| Record::mapped(record(c).stripped) != Some(""))?;
    }
    if options.lowercase {
        text.lowercase()?;
    }
    Ok(())
}

pub fn strip_accents(text: &mut NormalizedText<'_>) -> Result<()> {
    text.filter(|c| FLAGS.get(c as u32) & flags::COMBINING_MARK == 0)
}

pub fn nmt(text: &mut NormalizedText<'_>) -> Result<()> {
    text.filter(|c| !nmt::is_removed(c as u32))?;
    text.map(|c| if nmt::is_space(c as u32) { ' ' } else { c })
}

pub fn byte_level(text: &mut NormalizedText<'_>) -> Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    text.expand(|c| {
        let mut bytes = [0; 4];
        c.encode_utf8(&mut bytes).bytes().map(byte_level::char_of).collect::<Vec<_>>()
    })
}
