//! Text that grows id by id, as stock's `DecodeStream`.
//!
//! Stock keeps the ids since the last text it gave (and those of that text), decodes them twice a
//! step, and gives what is new once it does not end in U+FFFD. So do we; but where the chain lets
//! text only grow at its end, a window keeps what the ids have given so far, so a step costs what
//! its own ids cost, also while nothing can be given (special tokens left out, bytes that wait).

use std::borrow::Cow;

use super::IdDecoder;
use super::plan::{Piece, Plan};
use crate::error::{Error, Result};

const REPLACEMENT: char = char::REPLACEMENT_CHARACTER;

/// A stream's state. It belongs to no decoder: each step brings one.
#[derive(Debug, Clone, Default)]
pub struct DecodeStream {
    skip_special_tokens: bool,
    ids: Vec<u32>,
    prefix: String,
    prefix_index: usize,
    window: Window,
}

/// The text of `DecodeStream::ids`, kept up.
#[derive(Debug, Clone, Default)]
struct Window {
    /// Which decoder made it.
    identity: Option<u64>,
    text: String,
    /// Bytes after the text that may yet become a character (byte-level).
    tail: Vec<u8>,
    /// Byte tokens at the end, which may yet become text.
    run: Vec<u8>,
    /// How far the run is known to be text, and whether it can never be.
    run_checked: usize,
    run_broken: bool,
    any: bool,
    /// A piece on its way.
    piece: Vec<u8>,
}

impl Window {
    /// Starts over.
    fn reset(&mut self, identity: u64) {
        self.identity = Some(identity);
        self.text.clear();
        self.tail.clear();
        self.clear_run();
        self.any = false;
    }

    fn clear_run(&mut self) {
        self.run.clear();
        self.run_checked = 0;
        self.run_broken = false;
    }

    fn push(&mut self, decoder: &IdDecoder, plan: &Plan, id: u32, skip_special_tokens: bool) -> Result<()> {
        self.piece.clear();
        match decoder.piece(plan, id, skip_special_tokens, !self.any, &mut self.piece)? {
            None => return Ok(()),
            Some(Piece::Byte(byte)) => self.push_byte(byte),
            Some(Piece::Text) => {
                if !self.run.is_empty() {
                    self.text = self.text_with_run();
                    self.clear_run();
                }
                self.push_text();
            }
        }
        self.any = true;
        Ok(())
    }

    fn push_byte(&mut self, byte: u8) {
        self.run.push(byte);
        if self.run_broken {
            return;
        }
        match std::str::from_utf8(&self.run[self.run_checked..]) {
            Ok(_) => self.run_checked = self.run.len(),
            Err(error) => {
                self.run_checked += error.valid_up_to();
                self.run_broken = error.error_len().is_some();
            }
        }
    }

    /// Appends the piece; what may yet be a character waits in the tail.
    fn push_text(&mut self) {
        if self.tail.is_empty()
            && let Ok(piece) = std::str::from_utf8(&self.piece)
        {
            self.text.push_str(piece);
            return;
        }
        self.tail.extend_from_slice(&self.piece);
        let mut done = 0;
        loop {
            match std::str::from_utf8(&self.tail[done..]) {
                Ok(text) => {
                    self.text.push_str(text);
                    done = self.tail.len();
                }
                Err(error) => {
                    let valid = &self.tail[done..done + error.valid_up_to()];
                    self.text.push_str(std::str::from_utf8(valid).unwrap_or_default());
                    done += error.valid_up_to();
                    if let Some(len) = error.error_len() {
                        self.text.push(REPLACEMENT);
                        done += len;
                        continue;
                    }
                }
            }
            break;
        }
        self.tail.drain(..done);
    }

    fn run_is_text(&self) -> bool {
        self.run_checked == self.run.len()
    }

    /// The text without anything taken off at its start.
    fn text_with_run(&self) -> String {
        let mut text = self.text.clone();
        if !self.tail.is_empty() {
            text.push(REPLACEMENT);
        }
        match std::str::from_utf8(&self.run) {
            Ok(run) => text.push_str(run),
            Err(_) => text.extend(std::iter::repeat_n(REPLACEMENT, self.run.len())),
        }
        text
    }

    /// How many bytes come off at the start.
    fn leading(&self, leading: Option<(char, usize)>) -> usize {
        let Some((content, most)) = leading else { return 0 };
        let in_text = self.text.chars().take(most).take_while(|&c| c == content).count();
        let mut all = in_text;
        if in_text * content.len_utf8() == self.text.len() {
            // These go on behind the text, in what waits there.
            let run = std::str::from_utf8(&self.run).unwrap_or_default();
            let broken = if self.run_is_text() { 0 } else { self.run.len() };
            let waiting = std::iter::repeat_n(REPLACEMENT, usize::from(!self.tail.is_empty()) + broken);
            let waiting = waiting.chain(run.chars()).take(most - in_text);
            all += waiting.take_while(|&c| c == content).count();
        }
        all * content.len_utf8()
    }

    /// The text's length, and whether it ends in U+FFFD.
    fn shape(&self, leading: Option<(char, usize)>) -> (usize, bool) {
        let (run, ends) = if self.run.is_empty() {
            (0, !self.tail.is_empty() || self.text.ends_with(REPLACEMENT))
        } else if self.run_is_text() {
            (self.run.len(), self.run.ends_with("\u{FFFD}".as_bytes()))
        } else {
            (self.run.len() * REPLACEMENT.len_utf8(), true)
        };
        let tail = if self.tail.is_empty() { 0 } else { REPLACEMENT.len_utf8() };
        let len = self.text.len() + tail + run - self.leading(leading);
        (len, ends && len > 0)
    }

    /// The text; as a rule nothing waits behind it.
    fn whole(&self, leading: Option<(char, usize)>) -> Cow<'_, str> {
        let from = self.leading(leading);
        if self.run.is_empty() && self.tail.is_empty() {
            return Cow::Borrowed(&self.text[from..]);
        }
        let mut text = self.text_with_run();
        text.drain(..from);
        Cow::Owned(text)
    }
}

impl DecodeStream {
    /// A stream that goes on behind `ids`.
    pub fn new(ids: Vec<u32>, skip_special_tokens: bool) -> Self {
        Self { skip_special_tokens, ids, ..Self::default() }
    }

    /// What stock keeps of a stream: ids, the text given last, and how many of the ids gave it.
    pub fn state(&self) -> (&[u32], &str, usize) {
        (&self.ids, &self.prefix, self.prefix_index)
    }

    /// Adds ids (one, as a rule); the text that they complete, if they do.
    ///
    /// Fails with stock's text if the text so far changes behind what was given already, and
    /// where decoding fails. A failed step's ids stay in the stream, as in stock.
    pub fn step(&mut self, decoder: &IdDecoder, ids: &[u32]) -> Result<Option<String>> {
        match decoder.growing_plan() {
            Some(plan) => self.step_window(decoder, plan, ids),
            None => self.step_anew(decoder, ids),
        }
    }

    /// For any chain: decodes all of the stream's ids.
    fn step_anew(&mut self, decoder: &IdDecoder, ids: &[u32]) -> Result<Option<String>> {
        self.window.identity = None;
        if self.prefix.is_empty() && !self.ids.is_empty() {
            let prefix = decoder.decode(&self.ids, self.skip_special_tokens)?;
            if !prefix.ends_with(REPLACEMENT) {
                self.prefix = prefix;
                self.prefix_index = self.ids.len();
            }
        }
        self.ids.extend_from_slice(ids);
        let text = decoder.decode(&self.ids, self.skip_special_tokens)?;
        if text.len() <= self.prefix.len() || text.ends_with(REPLACEMENT) {
            return Ok(None);
        }
        let new = self.after_prefix(&text)?;
        let next_index = self.drop_given();
        self.prefix = decoder.decode(&self.ids, self.skip_special_tokens)?;
        self.prefix_index = next_index;
        Ok(Some(new))
    }

    /// For chains whose text grows at its end.
    fn step_window(&mut self, decoder: &IdDecoder, plan: &Plan, ids: &[u32]) -> Result<Option<String>> {
        let leading = plan.leading(decoder.stages());
        if self.window.identity != Some(decoder.identity) {
            self.fill_window(decoder, plan)?;
        }
        if self.prefix.is_empty() && !self.ids.is_empty() && !self.window.shape(leading).1 {
            self.set_prefix_to_window(leading);
            self.prefix_index = self.ids.len();
        }
        self.ids.extend_from_slice(ids);
        for &id in ids {
            self.window.push(decoder, plan, id, self.skip_special_tokens)?;
        }
        let (len, ends_in_replacement) = self.window.shape(leading);
        if len <= self.prefix.len() || ends_in_replacement {
            return Ok(None);
        }
        let new = self.after_prefix(&self.window.whole(leading))?;
        let next_index = self.drop_given();
        self.fill_window(decoder, plan)?;
        self.set_prefix_to_window(leading);
        self.prefix_index = next_index;
        Ok(Some(new))
    }

    fn fill_window(&mut self, decoder: &IdDecoder, plan: &Plan) -> Result<()> {
        self.window.reset(decoder.identity);
        for &id in &self.ids {
            self.window.push(decoder, plan, id, self.skip_special_tokens)?;
        }
        Ok(())
    }

    fn set_prefix_to_window(&mut self, leading: Option<(char, usize)>) {
        let text = self.window.whole(leading);
        self.prefix.clear();
        self.prefix.push_str(&text);
    }

    /// Forgets the ids before the prefix; where the prefix will end.
    fn drop_given(&mut self) -> usize {
        let next_index = self.ids.len() - self.prefix_index;
        self.ids.drain(..self.prefix_index);
        next_index
    }

    /// What of `text` was not given yet.
    fn after_prefix(&self, text: &str) -> Result<String> {
        text.strip_prefix(self.prefix.as_str()).map(str::to_string).ok_or_else(|| {
            Error::stock(format!(
                "Invalid prefix encountered while decoding stream. Token ID: {}, Expected prefix: '{}', \
                 Actual string: '{text}'",
                self.ids.last().copied().unwrap_or_default(),
                self.prefix
            ))
        })
    }
}
