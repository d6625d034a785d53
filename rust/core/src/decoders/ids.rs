//! Ids to text.
//!
//! Idea: see [`Plan`](super::plan::Plan) and [`Arena`]: a piece of text for each id, copied one
//! after the other; no string for a token. Complexity: O(bytes of the text). Chains without a plan
//! run token by token as stock does.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::arena::{self, Arena, Known};
use super::plan::{Neighbours, Piece, Plan};
use super::{DecodeTokens, Decoder};
use crate::config::DecoderConfig;
use crate::error::Result;

/// A compiled decoder with the tokens of its tokenizer.
#[derive(Debug)]
pub struct IdDecoder {
    tokens: DecodeTokens,
    decoder: Option<Decoder>,
    plan: Option<Plan>,
    /// Whether a stream can go on from where it was.
    grows: bool,
    may_fail: bool,
    arena: OnceLock<Arena>,
    /// How many ids were decoded without the arena.
    without_arena: AtomicUsize,
    /// Tells decoders apart (for streams).
    pub(super) identity: u64,
}

/// What ids have given so far.
#[derive(Debug, Default)]
struct Output {
    bytes: Vec<u8>,
    /// Byte tokens that wait for the end of their run.
    run: Vec<u8>,
    /// Whether there was a token (or a run was begun).
    any: bool,
    /// Whether something was appended to `bytes`, even if it was empty.
    appended: bool,
}

impl IdDecoder {
    /// Without a decoder, tokens are joined by spaces.
    pub fn compile(config: Option<&DecoderConfig>, tokens: DecodeTokens) -> Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let decoder = config.map(Decoder::compile).transpose()?;
        let stages = decoder.as_ref().map_or(&[][..], Decoder::stages);
        let plan = Plan::new(decoder.as_ref());
        Ok(Self {
            grows: plan.as_ref().is_some_and(|plan| plan.grows(stages)),
            may_fail: stages.iter().any(Decoder::may_fail),
            plan,
            tokens,
            decoder,
            arena: OnceLock::new(),
            without_arena: AtomicUsize::new(0),
            identity: COUNT.fetch_add(1, Ordering::Relaxed),
        })
    }

    pub fn tokens(&self) -> &DecodeTokens {
        &self.tokens
    }

    /// Stock's `decoder.decode(tokens)`, without a decoder `" ".join(tokens)`.
    pub fn decode_tokens(&self, tokens: Vec<String>) -> Result<String> {
        match &self.decoder {
            Some(decoder) => decoder.decode(tokens),
            None => Ok(tokens.join(" ")),
        }
    }

    /// Bytes held for decoding at present, the vocabulary not counted.
    pub fn cache_bytes(&self) -> usize {
        self.arena.get().map_or(0, Arena::size)
    }

    /// The text of these ids, as stock's `decode`. Ids of no token are left out.
    pub fn decode(&self, ids: &[u32], skip_special_tokens: bool) -> Result<String> {
        match &self.plan {
            Some(plan) => self.decode_by_plan(plan, ids, skip_special_tokens),
            None => self.decode_slowly(ids, skip_special_tokens),
        }
    }

    /// The slow twin: strings for all tokens, then stock's chain over them.
    pub fn decode_slowly(&self, ids: &[u32], skip_special_tokens: bool) -> Result<String> {
        let kept = ids.iter().filter(|&&id| !(skip_special_tokens && self.tokens.is_special(id)));
        let tokens = kept.filter_map(|&id| self.tokens.token(id)).map(str::to_string).collect();
        self.decode_tokens(tokens)
    }

    pub(super) fn stages(&self) -> &[Decoder] {
        self.decoder.as_ref().map_or(&[], Decoder::stages)
    }

    /// The plan, if a stream can go on from where it was.
    pub(super) fn growing_plan(&self) -> Option<&Plan> {
        self.plan.as_ref().filter(|_| self.grows)
    }

    /// The arena, once enough was decoded to repay it (it costs as much as decoding every id once).
    fn arena(&self, plan: &Plan, ids: usize) -> Option<&Arena> {
        if let Some(arena) = self.arena.get() {
            return Some(arena);
        }
        let before = self.without_arena.fetch_add(ids, Ordering::Relaxed);
        if before.saturating_add(ids) < self.tokens.id_bound() / 2 {
            return None;
        }
        Some(self.arena.get_or_init(|| Arena::new(plan, self.stages(), &self.tokens)))
    }

    /// Whether decoding fails for some ids, as stock would panic.
    pub fn may_fail(&self) -> bool {
        self.may_fail
    }

    /// Appends the piece of one id; `None` if it is left out.
    pub(super) fn piece(
        &self,
        plan: &Plan,
        id: u32,
        skip_special_tokens: bool,
        first: bool,
        bytes: &mut Vec<u8>,
    ) -> Result<Option<Piece>> {
        if skip_special_tokens && self.tokens.is_special(id) {
            return Ok(None);
        }
        if !(first && plan.first_differs)
            && let Some(arena) = self.arena.get()
        {
            match arena.get(id) {
                Known::Text(text) => {
                    bytes.extend_from_slice(text);
                    return Ok(Some(Piece::Text));
                }
                Known::Byte(byte) => return Ok(Some(Piece::Byte(byte))),
                Known::Missing => return Ok(None),
                Known::Ask => {}
            }
        }
        let Some(token) = self.tokens.token(id) else { return Ok(None) };
        plan.piece(self.stages(), token, first, bytes).map(Some)
    }

    /// Adds one id.
    fn push(&self, plan: &Plan, output: &mut Output, id: u32, skip_special_tokens: bool) -> Result<()> {
        let end = output.bytes.len();
        match self.piece(plan, id, skip_special_tokens, !output.any, &mut output.bytes)? {
            None => return Ok(()),
            Some(Piece::Byte(byte)) => output.run.push(byte),
            Some(Piece::Text) => {
                if !output.run.is_empty() {
                    let text = output.bytes.split_off(end);
                    self.flush(plan, output)?;
                    output.bytes.extend_from_slice(&text);
                }
                output.appended = true;
            }
        }
        output.any = true;
        Ok(())
    }

    /// Ends a run of byte tokens.
    fn flush(&self, plan: &Plan, output: &mut Output) -> Result<()> {
        if !output.run.is_empty() {
            plan.push_run(self.stages(), &mut output.run, !output.appended, &mut output.bytes)?;
            output.appended = true;
        }
        Ok(())
    }

    fn decode_by_plan(&self, plan: &Plan, ids: &[u32], skip_special_tokens: bool) -> Result<String> {
        let mut output = Output::default();
        match plan.neighbours {
            Neighbours::Nothing => self.push_all(plan, &mut output, ids, skip_special_tokens)?,
            Neighbours::Last => {
                let last = ids.iter().rposition(|&id| self.kept(id, skip_special_tokens).is_some());
                if let Some(last) = last {
                    self.push_all(plan, &mut output, &ids[..last], skip_special_tokens)?;
                    if let (Some(token), [Decoder::Bpe(bpe)]) = (self.tokens.token(ids[last]), self.stages())
                    {
                        output.bytes.extend_from_slice(bpe.map(token, true).as_bytes());
                    }
                }
            }
            Neighbours::Repeated => {
                let mut before = None;
                let mut kept = Vec::with_capacity(ids.len());
                for &id in ids {
                    let Some(token) = self.kept(id, skip_special_tokens) else { continue };
                    // Two ids may have one string.
                    if !before.is_some_and(|(other, string)| other == id || string == token) {
                        kept.push(id);
                    }
                    before = Some((id, token));
                }
                self.push_all(plan, &mut output, &kept, skip_special_tokens)?;
            }
        }
        self.flush(plan, &mut output)?;
        plan.finish(self.stages(), output.bytes)
    }

    /// The string of an id that is not left out.
    fn kept(&self, id: u32, skip_special_tokens: bool) -> Option<&str> {
        if skip_special_tokens && self.tokens.is_special(id) { None } else { self.tokens.token(id) }
    }

    fn push_all(
        &self,
        plan: &Plan,
        output: &mut Output,
        ids: &[u32],
        skip_special_tokens: bool,
    ) -> Result<()> {
        let mut rest = ids;
        // The first token may differ, and is not the first id if that is left out.
        while let [id, others @ ..] = rest
            && plan.first_differs
            && !output.any
        {
            self.push(plan, output, *id, skip_special_tokens)?;
            rest = others;
        }
        let Some(arena) = self.arena(plan, ids.len()) else {
            return rest.iter().try_for_each(|&id| self.push(plan, output, id, skip_special_tokens));
        };
        output.bytes.reserve(4 * rest.len() + arena::PADDING);
        while !rest.is_empty() {
            if !output.run.is_empty() && arena.text(rest[0]).is_some() {
                self.flush(plan, output)?;
            }
            let appended = arena.append(rest, &mut output.bytes);
            output.appended |= appended > 0;
            output.any |= appended > 0;
            rest = &rest[appended..];
            if let [id, others @ ..] = rest
                && arena.text(*id).is_none()
            {
                self.push(plan, output, *id, skip_special_tokens)?;
                rest = others;
            }
        }
        Ok(())
    }
}
