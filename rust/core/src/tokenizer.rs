//! The pipeline, read top to bottom:
//!
//! text → added tokens → normalizer → added tokens (normalized) → pre-tokenizer → model →
//! columns → truncation → post-processor → padding.

use std::sync::Arc;

use crate::config::TokenizerConfig;
use crate::encoding::{CharOffsets, Detail, Encoding, Runs, TokenText};
use crate::error::{Error, Result};
use crate::models::ModelToken;
use crate::options::{EncodeOptions, Input, Level, Semantics, Sequence};
use crate::pieces::Span;
use crate::plan::{LightParts, Plan};
use crate::post_processors::post_process;
use crate::scratch::{Buffers, Scratch, ScratchPool};
use crate::text::NormalizedText;
use crate::vocabulary::Vocabulary;

/// A compiled tokenizer: immutable, shared by threads.
#[derive(Debug)]
pub struct Tokenizer {
    plan: Plan,
    scratches: Arc<ScratchPool>,
}

/// What `explain` shows of an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// `"BPE"`, `"WordPiece"`...
    pub model: &'static str,
    /// The scanner's name, `"regex"`, or `"none"`.
    pub pre_tokenizer: &'static str,
    /// The SIMD level in use: `"scalar"`, `"avx2"`...
    pub simd: &'static str,
    /// Bytes held by idle word caches at present.
    pub cache_bytes: usize,
}

/// The longest sequence the engine takes, in bytes: positions are `u32`, and normalization can
/// make a text 18 times as long.
const LONGEST: usize = (u32::MAX / 20) as usize;

impl Tokenizer {
    /// Compiles a whole tokenizer.json. Truncation and padding of the file are not kept: they are
    /// arguments of a call.
    ///
    /// # Errors
    /// `Config` if stock would not load it, `Unsupported` if the engine does not run it.
    pub fn from_json(json: &[u8], semantics: Semantics) -> Result<Self> {
        Self::compile(&TokenizerConfig::from_json(json)?, semantics)
    }

    /// Compiles a configuration.
    pub fn compile(config: &TokenizerConfig, _semantics: Semantics) -> Result<Self> {
        Ok(Self { plan: Plan::compile(config)?, scratches: Arc::default() })
    }

    /// The same model (shared, not compiled again) with other light parts. `light` is a whole
    /// tokenizer.json whose `model` is `null`.
    ///
    /// # Errors
    /// `Unsupported{part: "model"}` if the light parts need the model compiled in another way:
    /// the caller then compiles from the whole file.
    pub fn with_light_parts(&self, light: &[u8], _semantics: Semantics) -> Result<Self> {
        let light = TokenizerConfig::light_from_json(light)?;
        let plan = Plan::around(Arc::clone(&self.plan.model), LightParts::from(&light))?;
        Ok(Self { plan, scratches: Arc::clone(&self.scratches) })
    }

    /// Encodes one input. Padding is applied as stock's `encode` does (to a fixed length, or to a
    /// multiple).
    pub fn encode(
        &self,
        input: &Input<'_>,
        options: &EncodeOptions,
        scratch: &mut Scratch,
    ) -> Result<Encoding> {
        let first = self.encode_sequence(input.first, 0, options, scratch)?;
        let second = match input.second {
            Some(sequence) => Some(self.encode_sequence(sequence, 1, options, scratch)?),
            None => None,
        };
        post_process(first, second, options, self.plan.post_processor.as_ref())
    }

    /// One sequence, before truncation and post-processing.
    fn encode_sequence(
        &self,
        sequence: Sequence<'_>,
        type_id: u32,
        options: &EncodeOptions,
        scratch: &mut Buffers,
    ) -> Result<Encoding> {
        let mut columns = Columns::new(options.level == Level::Full && !options.fast);
        match sequence {
            Sequence::Raw(text) => self.encode_text(text, None, options, scratch, &mut columns)?,
            Sequence::PreTokenized(words) => {
                for (index, word) in words.iter().enumerate() {
                    self.encode_text(word, Some(index as u32), options, scratch, &mut columns)?;
                }
            }
        }
        // `encode_batch_fast` of stock forgets the type id together with the offsets.
        let type_id = if options.fast { 0 } else { type_id };
        Ok(columns.into_encoding(type_id, options, self.vocabulary()))
    }

    /// One text into the columns: the heart of the pipeline.
    fn encode_text(
        &self,
        text: &str,
        word: Option<u32>,
        options: &EncodeOptions,
        scratch: &mut Buffers,
        columns: &mut Columns,
    ) -> Result<()> {
        if text.len() > LONGEST {
            return Err(Error::unsupported("input", "text of over 200 MB"));
        }
        let from = columns.offsets.len();
        let mut piece_count = 0;
        let mut raw_parts = std::mem::take(&mut scratch.raw_parts);
        let mut normalized_parts = std::mem::take(&mut scratch.normalized_parts);
        raw_parts.clear();
        self.plan.added.split_raw(text, options.encode_special_tokens, &mut raw_parts)?;
        for part in raw_parts.iter().filter(|part| part.start < part.end) {
            let section = &text[part.start as usize..part.end as usize];
            let mut normalized = NormalizedText::new(section, part.start as usize, columns.full);
            if let Some(id) = part.id {
                columns.added_token(id, &normalized, word.unwrap_or(piece_count));
                piece_count += 1;
                continue;
            }
            if let Some(normalizer) = &self.plan.normalizer {
                normalizer.normalize(&mut normalized)?;
            }
            if !self.plan.added.has_normalized() {
                piece_count += self.encode_gap(normalized, word, piece_count, scratch, columns)?;
                continue;
            }
            normalized_parts.clear();
            self.plan.added.split_normalized(
                normalized.get(),
                options.encode_special_tokens,
                &mut normalized_parts,
            )?;
            for part in normalized_parts.iter().filter(|part| part.start < part.end) {
                let gap = normalized.slice(Span { start: part.start, end: part.end });
                if let Some(id) = part.id {
                    columns.added_token(id, &gap, word.unwrap_or(piece_count));
                    piece_count += 1;
                } else {
                    piece_count += self.encode_gap(gap, word, piece_count, scratch, columns)?;
                }
            }
        }
        scratch.raw_parts = raw_parts;
        scratch.normalized_parts = normalized_parts;
        if columns.full {
            CharOffsets::new(text).convert_all(&mut columns.offsets[from..]);
        }
        Ok(())
    }

    /// What lies between added tokens: pre-tokenizer and model. Returns how many pieces it had.
    fn encode_gap(
        &self,
        mut gap: NormalizedText<'_>,
        word: Option<u32>,
        piece_count: u32,
        scratch: &mut Buffers,
        columns: &mut Columns,
    ) -> Result<u32> {
        let Buffers { pieces, tokens, model: model_scratch, .. } = scratch;
        pieces.reset(gap.get().len());
        if let Some(pre_tokenizer) = &self.plan.pre_tokenizer {
            pre_tokenizer.pre_tokenize(&mut gap, pieces)?;
        }
        let model = &self.plan.model.model;
        if columns.full {
            tokens.clear();
            model.tokens(gap.get(), &pieces.spans, model_scratch, tokens)?;
            columns.model_tokens(&gap, &pieces.spans, tokens, word, piece_count);
        } else {
            model.ids(gap.get(), &pieces.spans, model_scratch, &mut columns.ids)?;
        }
        Ok(pieces.spans.len() as u32)
    }

    /// The model's own vocabulary (without added tokens).
    pub fn vocabulary(&self) -> &Arc<Vocabulary> {
        self.plan.model.model.vocabulary()
    }

    /// The compiled parts.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// One more than the highest id that encoding can give by the vocabulary or an added token.
    pub fn id_bound(&self) -> usize {
        let added = self.plan.added.tokens().last().map_or(0, |(id, _)| *id as usize + 1);
        self.vocabulary().id_bound().max(added)
    }

    /// Buffers for `encode`, from the engine's pool; they go back when dropped.
    pub fn scratch(&self) -> Scratch {
        self.scratches.take(|| self.plan.model.model.scratch())
    }

    pub fn report(&self) -> Report {
        Report {
            model: self.plan.model.model.name(),
            pre_tokenizer: self.plan.pre_tokenizer.as_ref().map_or("none", |part| part.name()),
            simd: crate::simd::simd_level(),
            cache_bytes: self.scratches.cache_bytes(),
        }
    }
}

/// The columns of one sequence while it is encoded.
#[derive(Debug, Default)]
struct Columns {
    full: bool,
    ids: Vec<u32>,
    tokens: Vec<TokenText>,
    words: Vec<Option<u32>>,
    offsets: Vec<(usize, usize)>,
}

impl Columns {
    fn new(full: bool) -> Self {
        Self { full, ..Self::default() }
    }

    fn token(&mut self, id: u32, string: TokenText, offsets: (usize, usize), word: u32) {
        self.ids.push(id);
        self.tokens.push(string);
        self.words.push(Some(word));
        self.offsets.push(offsets);
    }

    /// A model's tokens.
    fn model_tokens(
        &mut self,
        gap: &NormalizedText<'_>,
        pieces: &[Span],
        tokens: &[ModelToken],
        word: Option<u32>,
        piece_count: u32,
    ) {
        self.ids.extend(tokens.iter().map(|token| token.id));
        match word {
            Some(_) => self.words.resize(self.words.len() + tokens.len(), word),
            None => self.words.extend(tokens.iter().map(|token| Some(piece_count + token.piece))),
        }
        self.tokens.extend(tokens.iter().map(|token| {
            if token.surface {
                TokenText::Text(gap.get()[token.start as usize..token.end as usize].into())
            } else {
                TokenText::Vocabulary(token.id)
            }
        }));
        let shift = gap.shift();
        // Every byte is a character that stands where it stood.
        let bytes = gap.is_identity() && gap.get().is_ascii();
        self.offsets.extend(tokens.iter().map(|token| {
            let piece = pieces[token.piece as usize];
            if bytes && piece.start <= token.start && token.start < token.end && token.end <= piece.end {
                return (shift + token.start as usize, shift + token.end as usize);
            }
            let relative = |at: u32| (at as usize).wrapping_sub(piece.start as usize);
            gap.token_range(piece, relative(token.start), relative(token.end))
        }));
    }

    /// An added token found in the text: its string is what it covers, stripped spaces included.
    fn added_token(&mut self, id: u32, text: &NormalizedText<'_>, word: u32) {
        if self.full {
            let offsets = text.original_range(0, text.get().len());
            self.token(id, TokenText::Text(text.get().into()), offsets, word);
        } else {
            self.ids.push(id);
        }
    }

    fn into_encoding(self, type_id: u32, options: &EncodeOptions, vocabulary: &Arc<Vocabulary>) -> Encoding {
        let len = self.ids.len();
        let detail = match options.level {
            Level::Ids => None,
            Level::Full if options.fast => Some(Detail {
                tokens: vec![TokenText::Text("".into()); len],
                words: vec![None; len],
                offsets: vec![(0, 0); len],
                vocabulary: None,
            }),
            Level::Full => Some(Detail {
                tokens: self.tokens,
                words: self.words,
                offsets: self.offsets,
                vocabulary: Some(Arc::clone(vocabulary)),
            }),
        };
        Encoding {
            ids: self.ids,
            type_ids: Runs::of(type_id, len),
            special_tokens_mask: Runs::of(0, len),
            attention_mask: Runs::of(1, len),
            detail,
            overflowing: Vec::new(),
            sequence_ranges: Vec::new(),
        }
    }
}
