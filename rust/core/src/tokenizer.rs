//! The pipeline, read top to bottom:
//!
//! text → added tokens → normalizer → added tokens (normalized) → pre-tokenizer → model →
//! columns → truncation → post-processor → padding.

use std::sync::Arc;

use rayon::ThreadPool;

use crate::added::{LiveToken, LiveTokens};
use crate::columns::Columns;
use crate::config::{DecoderConfig, TokenizerConfig};
use crate::decoding::Decoding;
use crate::encoding::{CharOffsets, Encoding};
use crate::error::{Error, Result};
use crate::long_text::{self, Section};
use crate::options::{EncodeOptions, Input, Level, Semantics, Sequence};
use crate::pieces::Span;
use crate::plan::{AddedTokens, LightParts, Plan};
use crate::post_processors::post_process;
use crate::scratch::{Buffers, Scratch, ScratchPool};
use crate::text::NormalizedText;
use crate::vocabulary::Vocabulary;

/// A compiled tokenizer: immutable, shared by threads.
#[derive(Debug)]
pub struct Tokenizer {
    plan: Plan,
    decoding: Decoding,
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
    /// Bytes held by idle word caches, and for decoding, at present.
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
    pub fn compile(config: &TokenizerConfig, semantics: Semantics) -> Result<Self> {
        let decoding = Decoding::new(config.decoder.as_ref(), semantics);
        Ok(Self { plan: Plan::compile(config)?, decoding, scratches: Arc::default() })
    }

    /// The same model (shared, not compiled again) with other light parts. `light` is a whole
    /// tokenizer.json whose `model` is `null`.
    ///
    /// # Errors
    /// `Unsupported{part: "model"}` if the light parts need the model compiled in another way:
    /// the caller then compiles from the whole file.
    pub fn with_light_parts(&self, light: &[u8], semantics: Semantics) -> Result<Self> {
        let light = TokenizerConfig::light_from_json(light)?;
        self.around(LightParts::from(&light), light.decoder.as_ref(), semantics)
    }

    /// As `with_light_parts`, with the added tokens of a tokenizer as it has them. `states`: of
    /// each token of `light`, in order, its text and whether it is known as special
    /// (see [`LiveToken`]).
    pub fn with_live_parts(
        &self,
        light: &[u8],
        states: Vec<(Option<String>, Option<bool>)>,
        shadowed: Vec<(String, u32)>,
        semantics: Semantics,
    ) -> Result<Self> {
        let mut light = TokenizerConfig::light_from_json(light)?;
        let tokens = std::mem::take(&mut light.added_tokens);
        if tokens.len() != states.len() {
            return Err(Error::config("not one state for each added token"));
        }
        let tokens = tokens.into_iter().zip(states);
        let tokens = tokens.map(|(token, (text, special))| LiveToken { token, text, special }).collect();
        let live = LiveTokens { tokens, shadowed };
        let parts = LightParts { added_tokens: AddedTokens::Live(&live), ..LightParts::from(&light) };
        self.around(parts, light.decoder.as_ref(), semantics)
    }

    /// The same model with the other parts of a configuration.
    ///
    /// # Errors
    /// As `with_light_parts`.
    pub fn with_parts_of(&self, config: &TokenizerConfig, semantics: Semantics) -> Result<Self> {
        self.around(LightParts::from(config), config.decoder.as_ref(), semantics)
    }

    /// The contents of all added tokens that are special or were; `None` if not all are known.
    pub fn special_contents(&self) -> Option<impl Iterator<Item = &str>> {
        self.plan.added.special_contents()
    }

    fn around(
        &self,
        light: LightParts<'_>,
        decoder: Option<&DecoderConfig>,
        semantics: Semantics,
    ) -> Result<Self> {
        let plan = Plan::around(Arc::clone(&self.plan.model), light)?;
        let decoding = Decoding::new(decoder, semantics);
        Ok(Self { plan, decoding, scratches: Arc::clone(&self.scratches) })
    }

    /// Encodes one input. Padding is applied as stock's `encode` does (to a fixed length, or to a
    /// multiple).
    pub fn encode(
        &self,
        input: &Input<'_>,
        options: &EncodeOptions,
        scratch: &mut Scratch,
    ) -> Result<Encoding> {
        self.encode_with(input, options, scratch, None)
    }

    /// `encode`, with the help of a pool's threads where a text is long.
    pub fn encode_with(
        &self,
        input: &Input<'_>,
        options: &EncodeOptions,
        scratch: &mut Scratch,
        pool: Option<&ThreadPool>,
    ) -> Result<Encoding> {
        let first = self.encode_sequence(input.first, 0, options, scratch, pool)?;
        let second = match input.second {
            Some(sequence) => Some(self.encode_sequence(sequence, 1, options, scratch, pool)?),
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
        pool: Option<&ThreadPool>,
    ) -> Result<Encoding> {
        let mut columns = Columns::new(options.level == Level::Full && !options.fast);
        match sequence {
            Sequence::Raw(text) => self.encode_text(text, None, options, scratch, pool, &mut columns)?,
            Sequence::PreTokenized(words) => {
                for (index, word) in words.iter().enumerate() {
                    self.encode_text(word, Some(index as u32), options, scratch, pool, &mut columns)?;
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
        pool: Option<&ThreadPool>,
        columns: &mut Columns,
    ) -> Result<()> {
        if text.len() > LONGEST {
            return Err(Error::unsupported("input", "text of over 200 MB"));
        }
        let from = columns.offsets.len();
        let mut piece_count = 0;
        let mut raw_parts = std::mem::take(&mut scratch.raw_parts);
        raw_parts.clear();
        self.plan.added.split_raw(text, options.encode_special_tokens, &mut raw_parts)?;
        for part in raw_parts.iter().filter(|part| part.start < part.end) {
            let section = Section {
                text: &text[part.start as usize..part.end as usize],
                shift: part.start as usize,
                word,
                piece_count,
            };
            if let Some(id) = part.id {
                let found = NormalizedText::new(section.text, section.shift, columns.full);
                columns.added_token(id, &found, word.unwrap_or(piece_count), false);
                piece_count += 1;
            } else if let Some(pool) = self.worth_sharing(&section, pool) {
                piece_count += self.encode_section_shared(&section, options, pool, columns)?;
            } else {
                piece_count += self.encode_section(&section, options, scratch, pool, columns)?;
            }
        }
        scratch.raw_parts = raw_parts;
        if columns.full {
            CharOffsets::new(text).convert_all(&mut columns.offsets[from..]);
        }
        Ok(())
    }

    /// What lies between added tokens of the raw text. Returns how many pieces it had.
    pub(crate) fn encode_section(
        &self,
        section: &Section<'_>,
        options: &EncodeOptions,
        scratch: &mut Buffers,
        pool: Option<&ThreadPool>,
        columns: &mut Columns,
    ) -> Result<u32> {
        let Section { text, shift, word, mut piece_count } = *section;
        let mut normalized = NormalizedText::new(text, shift, columns.full);
        if let Some(normalizer) = &self.plan.normalizer {
            normalizer.normalize(&mut normalized)?;
        }
        if !self.plan.added.has_normalized() {
            return self.encode_gap(normalized, word, piece_count, scratch, pool, columns);
        }
        let mut parts = std::mem::take(&mut scratch.normalized_parts);
        parts.clear();
        self.plan.added.split_normalized(normalized.get(), options.encode_special_tokens, &mut parts)?;
        for part in parts.iter().filter(|part| part.start < part.end) {
            let gap = normalized.slice(Span { start: part.start, end: part.end });
            if let Some(id) = part.id {
                let spaced = self.plan.spaces.as_ref().is_some_and(|spaces| spaces.normalized);
                columns.added_token(id, &gap, word.unwrap_or(piece_count), spaced);
                piece_count += 1;
            } else {
                piece_count += self.encode_gap(gap, word, piece_count, scratch, pool, columns)?;
            }
        }
        scratch.normalized_parts = parts;
        Ok(piece_count - section.piece_count)
    }

    /// What lies between added tokens: pre-tokenizer and model. Returns how many pieces it had.
    fn encode_gap(
        &self,
        mut gap: NormalizedText<'_>,
        word: Option<u32>,
        piece_count: u32,
        scratch: &mut Buffers,
        pool: Option<&ThreadPool>,
        columns: &mut Columns,
    ) -> Result<u32> {
        let Buffers { pieces, tokens, model: model_scratch, .. } = scratch;
        pieces.reset(gap.get().len());
        if let Some(pre_tokenizer) = &self.plan.pre_tokenizer {
            pre_tokenizer.pre_tokenize(&mut gap, pieces)?;
        }
        if !gap.is_regular() && self.plan.writes_later() {
            // What is left out here, writing the alphabet or `▁`, goes wrong in stock: it panics or
            // doubles text.
            let lead = gap.lead() as u32;
            if pieces.spans.iter().any(|piece| piece.start < lead) {
                return Err(Error::unsupported("input", "text that begins with what a normalizer inserted"));
            }
        }
        if let Some(spaces) = &self.plan.spaces {
            spaces.pre_tokenize(&mut gap, pieces)?;
        }
        let (model, text, pieces) = (&self.plan.model.model, gap.get(), &pieces.spans);
        let pool = pool.filter(|_| text.len() >= long_text::WORTH_SHARING);
        if columns.full {
            tokens.clear();
            match pool {
                Some(pool) => long_text::tokens(model, text, pieces, pool, || self.scratch(), tokens)?,
                None => model.tokens(text, pieces, model_scratch, tokens)?,
            }
            columns.model_tokens(&gap, pieces, tokens, word, piece_count, self.plan.spaces.is_some());
        } else {
            match pool {
                Some(pool) => long_text::ids(model, text, pieces, pool, || self.scratch(), &mut columns.ids)?,
                None => model.ids(text, pieces, model_scratch, &mut columns.ids)?,
            }
        }
        Ok(pieces.len() as u32)
    }

    /// The model's own vocabulary (without added tokens).
    pub fn vocabulary(&self) -> &Arc<Vocabulary> {
        self.plan.model.model.vocabulary()
    }

    /// The compiled parts.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Its way back from ids.
    pub(crate) fn decoding(&self) -> &Decoding {
        &self.decoding
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
            pre_tokenizer: self.plan.pre_tokenizer_name(),
            simd: crate::simd::simd_level(),
            cache_bytes: self.scratches.cache_bytes() + self.decoding.cache_bytes(),
        }
    }
}
