//! The arguments of an encode call as transformers reads them. `None` always means: stock's code
//! judges them.

use budtiktok::config::{PaddingStrategy, TruncationParams, TruncationStrategy};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyInt, PyList, PyString, PyTuple};

use super::setup::Setup;
use super::tokenizer::{Limit, Served, direction};
use crate::input::{Item, Source};
use crate::objects::{Name, name};
use crate::state::{CallState, strategy_named};

/// A real bool.
pub fn flag(value: &Bound<'_, PyAny>) -> Option<bool> {
    value.cast_exact::<PyBool>().ok().map(|value| value.is_true())
}

/// A bool, or None.
pub fn optional_flag(value: &Bound<'_, PyAny>) -> Option<Option<bool>> {
    if value.is_none() { Some(None) } else { flag(value).map(Some) }
}

/// A real int that is not negative, or None.
pub fn optional_length(value: &Bound<'_, PyAny>) -> Option<Option<usize>> {
    if value.is_none() {
        return Some(None);
    }
    let length = value.cast_exact::<PyInt>().ok()?.extract::<usize>().ok()?;
    // What is added to it must not overflow.
    (length < usize::MAX / 4).then_some(Some(length))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    No,
    Longest,
    MaxLength,
}

impl Padding {
    /// A `PaddingStrategy`.
    pub fn member(setup: &Setup, value: &Bound<'_, PyAny>) -> Option<Self> {
        let members = &setup.members;
        if value.is(&members.do_not_pad) {
            Some(Self::No)
        } else if value.is(&members.longest) {
            Some(Self::Longest)
        } else if value.is(&members.pad_to_max_length) {
            Some(Self::MaxLength)
        } else {
            None
        }
    }

    /// The argument of `__call__`: a bool, a string or a member.
    pub fn argument(setup: &Setup, value: &Bound<'_, PyAny>) -> Option<Self> {
        if let Some(flag) = flag(value) {
            return Some(if flag { Self::Longest } else { Self::No });
        }
        if let Ok(text) = value.cast_exact::<PyString>() {
            return match text.to_str().ok()? {
                "longest" => Some(Self::Longest),
                "max_length" => Some(Self::MaxLength),
                "do_not_pad" => Some(Self::No),
                _ => None,
            };
        }
        Self::member(setup, value)
    }
}

/// A truncation strategy, if there is to be truncation.
pub type Truncation = Option<TruncationStrategy>;

/// A `TruncationStrategy`.
pub fn truncation_member(setup: &Setup, value: &Bound<'_, PyAny>) -> Option<Truncation> {
    let members = &setup.members;
    if value.is(&members.do_not_truncate) {
        Some(None)
    } else if value.is(&members.longest_first) {
        Some(Some(TruncationStrategy::LongestFirst))
    } else if value.is(&members.only_first) {
        Some(Some(TruncationStrategy::OnlyFirst))
    } else if value.is(&members.only_second) {
        Some(Some(TruncationStrategy::OnlySecond))
    } else {
        None
    }
}

/// The argument of `__call__`: None, a bool, a string or a member.
pub fn truncation_argument(setup: &Setup, value: &Bound<'_, PyAny>) -> Option<Truncation> {
    if value.is_none() {
        return Some(None);
    }
    if let Some(flag) = flag(value) {
        return Some(flag.then_some(TruncationStrategy::LongestFirst));
    }
    if let Ok(text) = value.cast_exact::<PyString>() {
        return match text.to_str().ok()? {
            "do_not_truncate" => Some(None),
            name => strategy_named(name).map(Some),
        };
    }
    truncation_member(setup, value)
}

/// The two strategies and the length of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strategies {
    pub padding: Padding,
    pub truncation: Truncation,
    pub max_length: Option<usize>,
}

impl Strategies {
    /// What `_get_padding_truncation_strategies` makes of its arguments, where it neither warns
    /// nor raises (whether there is a padding token is seen later).
    pub fn find(
        setup: &Setup,
        padding: &Bound<'_, PyAny>,
        truncation: &Bound<'_, PyAny>,
        max_length: Option<usize>,
        pad_to_multiple_of: Option<usize>,
        verbose: bool,
        limit: impl FnOnce() -> PyResult<Option<Limit>>,
    ) -> PyResult<Option<Self>> {
        let Some(mut found) = Padding::argument(setup, padding) else { return Ok(None) };
        let Some(mut cut) = truncation_argument(setup, truncation) else { return Ok(None) };
        let is = |value: &Bound<'_, PyAny>, expected: bool| flag(value) == Some(expected);
        if max_length.is_some() && is(padding, false) && truncation.is_none() {
            cut = Some(TruncationStrategy::LongestFirst);
        }
        if is(padding, true) && verbose && max_length.is_some() && cut.is_none() {
            // Warns that the length is ignored.
            return Ok(None);
        }
        let mut length = max_length;
        if length.is_none() && (found == Padding::MaxLength || cut.is_some()) {
            match limit()? {
                Some(Limit::Endless) => {
                    if found == Padding::MaxLength {
                        found = Padding::No;
                    }
                    cut = None;
                }
                Some(Limit::Tokens(tokens)) => match usize::try_from(tokens) {
                    Ok(tokens) if tokens < usize::MAX / 4 => length = Some(tokens),
                    _ => return Ok(None),
                },
                None => return Ok(None),
            }
        }
        if let (true, Some(multiple), Some(length)) =
            (cut.is_some() && found != Padding::No, pad_to_multiple_of, length)
            && (multiple == 0 || length % multiple != 0)
        {
            return Ok(None);
        }
        Ok(Some(Self { padding: found, truncation: cut, max_length: length }))
    }
}

/// `return_tensors`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tensors {
    No,
    Numpy,
    Torch,
}

impl Tensors {
    pub fn argument(setup: &Setup, value: &Bound<'_, PyAny>) -> Option<Self> {
        if value.is_none() {
            return Some(Self::No);
        }
        if let Ok(text) = value.cast_exact::<PyString>() {
            return match text.to_str().ok()? {
                "pt" => Some(Self::Torch),
                "np" => Some(Self::Numpy),
                _ => None,
            };
        }
        if value.is(&setup.members.pytorch) {
            Some(Self::Torch)
        } else if value.is(&setup.members.numpy) {
            Some(Self::Numpy)
        } else {
            None
        }
    }
}

/// Which columns the result has besides the ids.
#[derive(Debug, Clone, Copy, Default)]
pub struct Columns {
    pub type_ids: bool,
    pub attention_mask: bool,
    pub special_tokens_mask: bool,
    pub offsets: bool,
    pub length: bool,
    /// The overflowing parts are rows of their own.
    pub overflow: bool,
}

/// One encode call, understood.
pub struct Request {
    pub items: Vec<Item>,
    pub batched: bool,
    pub add_special_tokens: bool,
    pub state: CallState,
    pub columns: Columns,
    pub tensors: Tensors,
    pub max_length: Option<usize>,
    pub verbose: bool,
}

/// Arguments that `_encode_plus` takes as they are.
pub struct Plain<'a, 'py> {
    pub stride: &'a Bound<'py, PyAny>,
    pub pad_to_multiple_of: Option<usize>,
    pub padding_side: &'a Bound<'py, PyAny>,
    pub split_special_tokens: bool,
}

/// The state that `set_truncation_and_padding` leaves, which the call is encoded with.
pub fn state<'py>(
    setup: &Setup,
    served: &Served<'py>,
    strategies: &Strategies,
    plain: &Plain<'_, 'py>,
) -> PyResult<Option<CallState>> {
    let mut state = CallState { encode_special_tokens: plain.split_special_tokens, ..CallState::default() };
    if let Some(strategy) = strategies.truncation {
        let Some(max_length) = strategies.max_length else { return Ok(None) };
        let Some(Some(stride)) = optional_length(plain.stride) else { return Ok(None) };
        let side = served.side(name!(c"truncation_side"))?;
        let Some(direction) = side.as_ref().and_then(direction) else { return Ok(None) };
        state.truncation = Some(TruncationParams { direction, max_length, strategy, stride });
    }
    if strategies.padding != Padding::No {
        let side = Some(plain.padding_side).filter(|side| !side.is_none());
        let Some(mut padding) = served.padding(setup, side)? else { return Ok(None) };
        if plain.pad_to_multiple_of == Some(0) {
            return Ok(None);
        }
        padding.pad_to_multiple_of = plain.pad_to_multiple_of;
        if strategies.padding == Padding::MaxLength {
            let Some(length) = strategies.max_length else { return Ok(None) };
            padding.strategy = PaddingStrategy::Fixed(length);
        }
        state.padding = Some(padding);
    }
    Ok(Some(state))
}

/// The texts of a call, and whether they are a batch.
pub fn items(
    text: &Bound<'_, PyAny>,
    pair: &Bound<'_, PyAny>,
    is_split_into_words: bool,
) -> Option<(Vec<Item>, bool)> {
    if let Ok(string) = text.cast::<PyString>() {
        if is_split_into_words {
            return None;
        }
        let first = Source::Raw(string.clone().unbind());
        let second = match pair.cast::<PyString>() {
            // An empty second text counts as none.
            Ok(pair) if pair.as_any().is_truthy().ok()? => Some(Source::Raw(pair.clone().unbind())),
            Ok(_) => None,
            Err(_) if pair.is_none() => None,
            Err(_) => return None,
        };
        return Some((vec![Item { first, second }], false));
    }
    let length = sequence_len(text)?;
    if is_split_into_words && (length == 0 || !is_sequence(&text.get_item(0).ok()?)) {
        let pair = match sequence_len(pair) {
            Some(0) => None,
            Some(_) => Some(pair),
            None if pair.is_none() => None,
            None => return None,
        };
        return Some((vec![Item::take(text, pair, true)?], false));
    }
    if length == 0 {
        return None;
    }
    if pair.is_none() {
        return Some((Item::take_batch(text, is_split_into_words)?, true));
    }
    if sequence_len(pair)? != length {
        return None;
    }
    let pairs = text.try_iter().ok()?.zip(pair.try_iter().ok()?);
    let items: Option<Vec<Item>> = pairs
        .map(|(first, second)| Item::take(&first.ok()?, Some(&second.ok()?), is_split_into_words))
        .collect();
    // Both could be changed by other threads meanwhile.
    items.filter(|items| items.len() == length).map(|items| (items, true))
}

fn is_sequence(object: &Bound<'_, PyAny>) -> bool {
    sequence_len(object).is_some()
}

/// Length of an exact list or tuple.
fn sequence_len(object: &Bound<'_, PyAny>) -> Option<usize> {
    if let Ok(list) = object.cast_exact::<PyList>() {
        Some(list.len())
    } else if let Ok(tuple) = object.cast_exact::<PyTuple>() {
        Some(tuple.len())
    } else {
        None
    }
}

/// Whether a column that has a default is wanted.
pub fn wanted(
    served: &Served<'_>,
    argument: &Bound<'_, PyAny>,
    name: &'static Name,
) -> PyResult<Option<bool>> {
    match optional_flag(argument) {
        Some(Some(wanted)) => Ok(Some(wanted)),
        Some(None) => served.has_input(name),
        None => Ok(None),
    }
}
