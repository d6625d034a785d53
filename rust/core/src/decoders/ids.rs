//! Ids to text.
//!
//! Idea: see [`Plan`](super::plan::Plan) and [`Arena`]: a piece of text for each id, copied one
//! after the other; no string for a token. Complexity: O(bytes of the text). Chains without a plan
//! run token by token as stock does.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::arena::{Arena, Known};
use super::plan::{Piece, Plan};
use super::{DecodeTokens, Decoder};
use crate::config::DecoderConfig;
use crate::error::Result;

/// Ids are looked up block by block, so that a block's places stay in L1 between two passes.
const BLOCK: usize = 256;

/// A compiled decoder with the tokens of its tokenizer.
#[derive(Debug)]
pub struct IdDecoder {
    tokens: DecodeTokens,
    decoder: Option<Decoder>,
    plan: Option<Plan>,
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
        Ok(Self {
            plan: Plan::new(decoder.as_ref()),
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
        self.plan.as_ref().filter(|plan| plan.grows(self.stages()))
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
        let mut rest = ids;
        // The first token may differ, and is not the first id if that is left out.
        while let [id, others @ ..] = rest
            && !output.any
        {
            self.push(plan, &mut output, *id, skip_special_tokens)?;
            rest = others;
        }
        match self.arena(plan, ids.len()) {
            None => {
                for &id in rest {
                    self.push(plan, &mut output, id, skip_special_tokens)?;
                }
            }
            Some(arena) => {
                let mut places = Vec::with_capacity(BLOCK.min(rest.len()));
                output.bytes.reserve(4 * rest.len());
                while !rest.is_empty() {
                    places.clear();
                    let text = rest.iter().take(BLOCK).map_while(|&id| {
                        let skipped = skip_special_tokens && self.tokens.is_special(id);
                        if skipped { None } else { arena.text(id) }
                    });
                    places.extend(text);
                    if !places.is_empty() {
                        self.flush(plan, &mut output)?;
                        output.appended = true;
                        arena.append(&places, &mut output.bytes);
                        rest = &rest[places.len()..];
                        if places.len() == BLOCK {
                            continue;
                        }
                    }
                    if let [id, others @ ..] = rest {
                        self.push(plan, &mut output, *id, skip_special_tokens)?;
                        rest = others;
                    }
                }
            }
        }
        self.flush(plan, &mut output)?;
        plan.finish(self.stages(), output.bytes)
    }
}
