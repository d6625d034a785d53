//! Post-processors: special tokens around the sequences, offsets trimmed, sequences merged.

use crate::config::{PostProcessorConfig, TruncationParams};
use crate::encoding::{Detail, Encoding};
use crate::error::{Error, Result};
use crate::options::{EncodeOptions, Level};
use crate::padding::pad_encodings;
use crate::truncation::truncate_encodings;

mod bert;
mod byte_level;
mod enclose;
mod roberta;
mod template;

pub use bert::BertProcessing;
pub use byte_level::ByteLevel;
pub use roberta::RobertaProcessing;
pub use template::TemplateProcessing;

/// A compiled post-processor.
#[derive(Debug)]
pub enum PostProcessor {
    ByteLevel(ByteLevel),
    Template(TemplateProcessing),
    Roberta(RobertaProcessing),
    Bert(BertProcessing),
    /// One after the other; none of them is a sequence itself.
    Sequence(Vec<PostProcessor>),
}

impl PostProcessor {
    pub fn compile(config: &PostProcessorConfig) -> Result<Self> {
        Ok(match config {
            PostProcessorConfig::ByteLevel { add_prefix_space, trim_offsets, .. } => {
                Self::ByteLevel(ByteLevel::new(*trim_offsets, *add_prefix_space))
            }
            PostProcessorConfig::Template { single, pair, special_tokens } => {
                Self::Template(TemplateProcessing::compile(single, pair, special_tokens)?)
            }
            PostProcessorConfig::Roberta { sep, cls, trim_offsets, add_prefix_space } => {
                Self::Roberta(RobertaProcessing::new(sep, cls, *trim_offsets, *add_prefix_space))
            }
            PostProcessorConfig::Bert { sep, cls } => Self::Bert(BertProcessing::new(sep, cls)),
            PostProcessorConfig::Sequence(parts) => {
                let mut stages = Vec::with_capacity(parts.len());
                for part in parts {
                    match Self::compile(part)? {
                        Self::Sequence(inner) => stages.extend(inner),
                        stage => stages.push(stage),
                    }
                }
                Self::Sequence(stages)
            }
        })
    }

    fn stages(&self) -> &[Self] {
        match self {
            Self::Sequence(stages) => stages,
            _ => std::slice::from_ref(self),
        }
    }

    /// How many tokens it adds to a single sequence or a pair.
    pub fn added_tokens(&self, is_pair: bool) -> usize {
        match self {
            Self::ByteLevel(_) => 0,
            Self::Template(template) => template.added_tokens(is_pair),
            Self::Roberta(_) => RobertaProcessing::added_tokens(is_pair),
            Self::Bert(_) => BertProcessing::added_tokens(is_pair),
            Self::Sequence(stages) => stages.iter().map(|stage| stage.added_tokens(is_pair)).sum(),
        }
    }

    /// Stock's `PostProcessor::process`.
    pub fn process(
        &self,
        mut first: Encoding,
        second: Option<Encoding>,
        add_special_tokens: bool,
    ) -> Result<Encoding> {
        match second {
            None => self.process_single(&mut first, add_special_tokens).map(|()| first),
            Some(second) => {
                let mut encodings = [first, second];
                self.run(&mut encodings, add_special_tokens)?.map_or_else(|| Ok(merge(encodings)), Ok)
            }
        }
    }

    /// The same for a single sequence, in place. After an error the encoding is unusable.
    pub fn process_single(&self, encoding: &mut Encoding, add_special_tokens: bool) -> Result<()> {
        if let Some(other) = self.run(std::slice::from_mut(encoding), add_special_tokens)? {
            *encoding = other;
        }
        Ok(())
    }

    /// Runs the stages over one or two sequences. The result is their merge, or, once a template has
    /// made something else of them, the encoding returned.
    fn run(&self, encodings: &mut [Encoding], add_special_tokens: bool) -> Result<Option<Encoding>> {
        for (id, encoding) in encodings.iter_mut().enumerate() {
            encoding.set_sequence_id(id);
            encoding.set_type_ids(id as u32);
            for part in &mut encoding.overflowing {
                part.set_sequence_id(id);
            }
        }
        let stages = self.stages();
        for (i, stage) in stages.iter().enumerate() {
            let Self::Template(template) = stage else {
                stage.apply(encodings, add_special_tokens);
                continue;
            };
            let rest = &stages[i + 1..];
            if !rest.is_empty() {
                let parts = template.parts(encodings, add_special_tokens)?;
                return run_parts(rest, parts, add_special_tokens).map(Some);
            }
            if let [single] = encodings
                && template.wrap(single, add_special_tokens)
            {
                return Ok(None);
            }
            return template.join(encodings, add_special_tokens).map(Some);
        }
        Ok(None)
    }

    /// Changes each encoding in place. Templates do not: they make other encodings.
    fn apply(&self, encodings: &mut [Encoding], add_special_tokens: bool) {
        match self {
            Self::ByteLevel(byte_level) => byte_level.apply(encodings),
            Self::Roberta(roberta) => roberta.apply(encodings, add_special_tokens),
            Self::Bert(bert) => bert.apply(encodings, add_special_tokens),
            Self::Template(_) | Self::Sequence(_) => {}
        }
    }
}

fn merge(encodings: impl IntoIterator<Item = Encoding>) -> Encoding {
    Encoding::merge(encodings, false)
}

/// The stages after a template, which sees its pieces as so many sequences.
fn run_parts(
    stages: &[PostProcessor],
    mut parts: Vec<Encoding>,
    add_special_tokens: bool,
) -> Result<Encoding> {
    for stage in stages {
        match stage {
            PostProcessor::Template(template) => parts = template.parts(&mut parts, add_special_tokens)?,
            _ => stage.apply(&mut parts, add_special_tokens),
        }
    }
    Ok(merge(parts))
}

/// What stock does where there is no post-processor: a single sequence stays as it is.
pub fn default_process(mut first: Encoding, second: Option<Encoding>) -> Encoding {
    let Some(mut second) = second else { return first };
    first.set_sequence_id(0);
    second.set_sequence_id(1);
    first.merge_with(second, false);
    first
}

/// Gives an empty encoding its (empty) heavy columns, else what is put around it would lose its own.
fn ensure_detail(encoding: &mut Encoding, level: Level) {
    if level == Level::Full && encoding.is_empty() && encoding.detail.is_none() {
        encoding.detail = Some(Detail::default());
    }
}

/// Everything after the model, as stock's `TokenizerImpl::post_process`: truncation (with room
/// left for special tokens), post-processor, padding.
pub fn post_process(
    mut first: Encoding,
    second: Option<Encoding>,
    options: &EncodeOptions,
    post_processor: Option<&PostProcessor>,
) -> Result<Encoding> {
    match second {
        None => post_process_single(&mut first, options, post_processor).map(|()| first),
        Some(second) => post_process_pair(first, second, options, post_processor),
    }
}

/// The same for a single sequence, in place. After an error the encoding is unusable.
pub fn post_process_single(
    encoding: &mut Encoding,
    options: &EncodeOptions,
    post_processor: Option<&PostProcessor>,
) -> Result<()> {
    ensure_detail(encoding, options.level);
    if let Some(params) = room(options, post_processor, false) {
        truncate_encodings(encoding, None, &params)?;
    }
    if let Some(processor) = post_processor {
        processor.process_single(encoding, options.add_special_tokens)?;
    }
    pad(encoding, options)
}

fn post_process_pair(
    mut first: Encoding,
    mut second: Encoding,
    options: &EncodeOptions,
    post_processor: Option<&PostProcessor>,
) -> Result<Encoding> {
    ensure_detail(&mut first, options.level);
    ensure_detail(&mut second, options.level);
    if let Some(params) = room(options, post_processor, true) {
        truncate_encodings(&mut first, Some(&mut second), &params)?;
    }
    let mut encoding = match post_processor {
        Some(processor) => processor.process(first, Some(second), options.add_special_tokens)?,
        None => default_process(first, Some(second)),
    };
    pad(&mut encoding, options)?;
    Ok(encoding)
}

/// The truncation, with what is left of its length when special tokens have their places.
fn room(
    options: &EncodeOptions,
    post_processor: Option<&PostProcessor>,
    is_pair: bool,
) -> Option<TruncationParams> {
    let params = options.truncation.as_ref()?;
    let added = match post_processor {
        Some(processor) if options.add_special_tokens => processor.added_tokens(is_pair),
        _ => 0,
    };
    // Wraps where more is added than fits, as in a release build of stock: nothing is cut then.
    Some(TruncationParams { max_length: params.max_length.wrapping_sub(added), ..params.clone() })
}

fn pad(encoding: &mut Encoding, options: &EncodeOptions) -> Result<()> {
    ensure_detail(encoding, options.level);
    match &options.padding {
        Some(params) => pad_encodings(std::slice::from_mut(encoding), params),
        None => Ok(()),
    }
}

impl From<template::Impossible> for Error {
    fn from(impossible: template::Impossible) -> Self {
        Self::would_panic(impossible.to_string())
    }
}
