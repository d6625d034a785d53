//! What stock keeps as state of a tokenizer and the engine takes as arguments of a call.

use budtiktok::config::{Direction, PaddingParams, PaddingStrategy, TruncationParams, TruncationStrategy};
use budtiktok::options::{EncodeOptions, Level};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::objects::name;

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

/// `"left"` or `"right"`.
pub fn direction_named(name: &str) -> Option<Direction> {
    [Direction::Left, Direction::Right].into_iter().find(|&direction| direction_name(direction) == name)
}

fn direction_name(direction: Direction) -> &'static str {
    match direction {
        Direction::Left => "left",
        Direction::Right => "right",
    }
}

/// A strategy of truncation as stock spells it.
pub fn strategy_named(name: &str) -> Option<TruncationStrategy> {
    [TruncationStrategy::LongestFirst, TruncationStrategy::OnlyFirst, TruncationStrategy::OnlySecond]
        .into_iter()
        .find(|&strategy| strategy_name(strategy) == name)
}

fn strategy_name(strategy: TruncationStrategy) -> &'static str {
    match strategy {
        TruncationStrategy::LongestFirst => "longest_first",
        TruncationStrategy::OnlyFirst => "only_first",
        TruncationStrategy::OnlySecond => "only_second",
    }
}

fn direction(dict: &Bound<'_, PyDict>) -> PyResult<Direction> {
    let name = item(dict, "direction")?.extract::<String>()?;
    direction_named(&name).ok_or_else(|| PyValueError::new_err(format!("unknown direction `{name}`")))
}

fn strategy(dict: &Bound<'_, PyDict>) -> PyResult<TruncationStrategy> {
    let name = item(dict, "strategy")?.extract::<String>()?;
    strategy_named(&name).ok_or_else(|| PyValueError::new_err(format!("unknown strategy `{name}`")))
}

/// The keywords of `enable_truncation`.
pub fn truncation_dict<'py>(py: Python<'py>, params: &TruncationParams) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item(name!(c"max_length").get(py), params.max_length)?;
    dict.set_item(name!(c"stride").get(py), params.stride)?;
    dict.set_item(name!(c"strategy").get(py), strategy_name(params.strategy))?;
    dict.set_item(name!(c"direction").get(py), direction_name(params.direction))?;
    Ok(dict)
}

/// The keywords of `enable_padding`.
pub fn padding_dict<'py>(py: Python<'py>, params: &PaddingParams) -> PyResult<Bound<'py, PyDict>> {
    let length = match params.strategy {
        PaddingStrategy::BatchLongest => None,
        PaddingStrategy::Fixed(length) => Some(length),
    };
    let dict = PyDict::new(py);
    dict.set_item(name!(c"length").get(py), length)?;
    dict.set_item(name!(c"direction").get(py), direction_name(params.direction))?;
    dict.set_item(name!(c"pad_id").get(py), params.pad_id)?;
    dict.set_item(name!(c"pad_token").get(py), &params.pad_token)?;
    dict.set_item(name!(c"pad_type_id").get(py), params.pad_type_id)?;
    dict.set_item(name!(c"pad_to_multiple_of").get(py), params.pad_to_multiple_of)?;
    Ok(dict)
}

fn truncation_params(dict: &Bound<'_, PyDict>) -> PyResult<TruncationParams> {
    Ok(TruncationParams {
        direction: direction(dict)?,
        max_length: item(dict, "max_length")?.extract()?,
        strategy: strategy(dict)?,
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
