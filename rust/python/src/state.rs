//! What stock keeps as state of a tokenizer and the engine takes as arguments of a call.

use budtiktok::config::{Direction, PaddingParams, PaddingStrategy, TruncationParams, TruncationStrategy};
use budtiktok::options::{EncodeOptions, Level};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// The tokenizer's state at the moment of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallState {
    pub truncation: Option<TruncationParams>,
    pub padding: Option<PaddingParams>,
    pub encode_special_tokens: bool,
}

impl CallState {
    /// From the dictionaries that `Tokenizer.truncation` and `Tokenizer.padding` give.
    pub fn from_dicts(
        truncation: Option<&Bound<'_, PyDict>>,
        padding: Option<&Bound<'_, PyDict>>,
        encode_special_tokens: bool,
    ) -> PyResult<Self> {
        Ok(Self {
            truncation: truncation.map(truncation_params).transpose()?,
            padding: padding.map(padding_params).transpose()?,
            encode_special_tokens,
        })
    }

    /// The options of a call, ids only. `fast`: see [`EncodeOptions::fast`].
    pub fn options(&self, add_special_tokens: bool, fast: bool) -> EncodeOptions {
        EncodeOptions {
            add_special_tokens,
            encode_special_tokens: self.encode_special_tokens,
            truncation: self.truncation.clone(),
            padding: self.padding.clone(),
            level: Level::Ids,
            fast,
        }
    }
}

fn item<'py>(dict: &Bound<'py, PyDict>, key: &str) -> PyResult<Bound<'py, PyAny>> {
    dict.get_item(key)?.ok_or_else(|| PyValueError::new_err(format!("`{key}` is missing")))
}

fn direction(dict: &Bound<'_, PyDict>) -> PyResult<Direction> {
    match item(dict, "direction")?.extract::<String>()?.as_str() {
        "left" => Ok(Direction::Left),
        "right" => Ok(Direction::Right),
        other => Err(PyValueError::new_err(format!("unknown direction `{other}`"))),
    }
}

fn truncation_params(dict: &Bound<'_, PyDict>) -> PyResult<TruncationParams> {
    Ok(TruncationParams {
        direction: direction(dict)?,
        max_length: item(dict, "max_length")?.extract()?,
        strategy: match item(dict, "strategy")?.extract::<String>()?.as_str() {
            "longest_first" => TruncationStrategy::LongestFirst,
            "only_first" => TruncationStrategy::OnlyFirst,
            "only_second" => TruncationStrategy::OnlySecond,
            other => return Err(PyValueError::new_err(format!("unknown strategy `{other}`"))),
        },
        stride: item(dict, "stride")?.extract()?,
    })
}

fn padding_params(dict: &Bound<'_, PyDict>) -> PyResult<PaddingParams> {
    Ok(PaddingParams {
        strategy: match item(dict, "length")?.extract::<Option<usize>>()? {
            None => PaddingStrategy::BatchLongest,
            Some(length) => PaddingStrategy::Fixed(length),
        },
        direction: direction(dict)?,
        pad_to_multiple_of: item(dict, "pad_to_multiple_of")?.extract()?,
        pad_id: item(dict, "pad_id")?.extract()?,
        pad_type_id: item(dict, "pad_type_id")?.extract()?,
        pad_token: item(dict, "pad_token")?.extract()?,
    })
}
