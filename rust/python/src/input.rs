//! Recognises the arguments of an encode call: exactly those that stock takes, and of these only
//! the plain ones. Anything else is `None`: stock's own method then serves it or raises.
//!
//! References to every string are taken first, so a list changed by another thread meanwhile does
//! no harm, and an encoding can read its text again later.

use std::ffi::CStr;
use std::marker::PhantomData;
use std::ops::Range;

use budtiktok::options::{Input, Sequence};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString, PyTuple};

use crate::text::{Arena, Utf8};

/// One sequence: a text, or the words of one.
#[derive(Debug)]
pub enum Source {
    Raw(Py<PyString>),
    Words(Box<[Py<PyString>]>),
}

/// What becomes one encoding.
#[derive(Debug)]
pub struct Item {
    pub first: Source,
    pub second: Option<Source>,
}

impl Source {
    /// `str` (or a subclass), or an exact list or tuple of such if pre-tokenized.
    fn take(object: &Bound<'_, PyAny>, is_pretokenized: bool) -> Option<Self> {
        if is_pretokenized {
            words(object).map(Self::Words)
        } else {
            object.cast::<PyString>().ok().map(|text| Self::Raw(text.clone().unbind()))
        }
    }

    fn strings(&self) -> &[Py<PyString>] {
        match self {
            Self::Raw(text) => std::slice::from_ref(text),
            Self::Words(words) => words,
        }
    }
}

impl Item {
    /// The arguments of `encode`.
    pub fn take(
        sequence: &Bound<'_, PyAny>,
        pair: Option<&Bound<'_, PyAny>>,
        is_pretokenized: bool,
    ) -> Option<Self> {
        let first = Source::take(sequence, is_pretokenized)?;
        let second = match pair {
            None => None,
            Some(pair) => Some(Source::take(pair, is_pretokenized)?),
        };
        Some(Self { first, second })
    }

    /// One element of a batch. A list or tuple of two texts is a pair; of pre-tokenized words, a
    /// list or tuple of `str` alone is one sequence, of two lists or tuples a pair.
    fn take_element(object: &Bound<'_, PyAny>, is_pretokenized: bool) -> Option<Self> {
        if let Some(first) = Source::take(object, is_pretokenized) {
            return Some(Self { first, second: None });
        }
        let (first, second) = if let Ok(pair) = object.cast_exact::<PyTuple>() {
            if pair.len() != 2 {
                return None;
            }
            (pair.get_item(0).ok()?, pair.get_item(1).ok()?)
        } else if let Ok(pair) = object.cast_exact::<PyList>() {
            if pair.len() != 2 {
                return None;
            }
            (pair.get_item(0).ok()?, pair.get_item(1).ok()?)
        } else {
            return None;
        };
        Self::take(&first, Some(&second), is_pretokenized)
    }

    /// The argument of `encode_batch`: a list, a tuple, or a numpy array of one dimension.
    pub fn take_batch(input: &Bound<'_, PyAny>, is_pretokenized: bool) -> Option<Vec<Self>> {
        if let Ok(list) = input.cast_exact::<PyList>() {
            list.iter().map(|object| Self::take_element(&object, is_pretokenized)).collect()
        } else if let Ok(tuple) = input.cast_exact::<PyTuple>() {
            tuple.iter().map(|object| Self::take_element(&object, is_pretokenized)).collect()
        } else if is_numpy_array(input) {
            // Elements that are arrays themselves, or no strings, are not recognised.
            let mut items = Vec::new();
            for object in input.try_iter().ok()? {
                items.push(Self::take_element(&object.ok()?, is_pretokenized)?);
            }
            Some(items)
        } else {
            None
        }
    }

    /// Reads the texts and calls `work` with the input and its size in bytes; `None` if a text
    /// holds a lone surrogate.
    #[allow(unsafe_code)]
    pub fn with_input<R>(&self, py: Python<'_>, work: impl FnOnce(&Input<'_>, usize) -> R) -> Option<R> {
        if let Self { first: Source::Raw(string), second: None } = self {
            let mut arena = Arena::default();
            let utf8 = arena.read(string.bind(py))?;
            // SAFETY: `self` owns a reference to the string, which was read into `arena`.
            let text = unsafe { utf8.as_str(&arena) };
            return Some(work(&Input { first: Sequence::Raw(text), second: None }, text.len()));
        }
        let views = Views::read(py, std::slice::from_ref(self))?;
        let texts = views.texts();
        let inputs = views.inputs(&texts);
        Some(work(&inputs[0], views.bytes()))
    }
}

/// Whether the type is exactly numpy's array: no Python class has a dotted `tp_name`.
#[allow(unsafe_code)]
fn is_numpy_array(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: the type of a living object; `tp_name` is a C string that lives as long as the type.
    unsafe { CStr::from_ptr((*object.get_type_ptr()).tp_name) == c"numpy.ndarray" }
}

fn words(object: &Bound<'_, PyAny>) -> Option<Box<[Py<PyString>]>> {
    let word = |object: Bound<'_, PyAny>| object.cast_into::<PyString>().ok().map(Bound::unbind);
    if let Ok(list) = object.cast_exact::<PyList>() {
        list.iter().map(word).collect()
    } else if let Ok(tuple) = object.cast_exact::<PyTuple>() {
        tuple.iter().map(word).collect()
    } else {
        None
    }
}

/// Where the strings of one sequence are in [`Views::spans`].
#[derive(Debug, Clone)]
enum Shape {
    Raw(usize),
    Words(Range<usize>),
}

/// The texts of some items as UTF-8, readable without the GIL.
#[derive(Debug)]
pub struct Views<'o> {
    arena: Arena,
    spans: Vec<Utf8>,
    shapes: Vec<(Shape, Option<Shape>)>,
    items: PhantomData<&'o [Item]>,
}

impl<'o> Views<'o> {
    /// Reads the texts of `items`; `None` if one holds a lone surrogate.
    pub fn read(py: Python<'_>, items: &'o [Item]) -> Option<Self> {
        let mut views = Self {
            arena: Arena::default(),
            spans: Vec::with_capacity(items.len()),
            shapes: Vec::with_capacity(items.len()),
            items: PhantomData,
        };
        for item in items {
            let first = views.read_source(py, &item.first)?;
            let second = match &item.second {
                None => None,
                Some(second) => Some(views.read_source(py, second)?),
            };
            views.shapes.push((first, second));
        }
        Some(views)
    }

    fn read_source(&mut self, py: Python<'_>, source: &'o Source) -> Option<Shape> {
        let start = self.spans.len();
        for string in source.strings() {
            self.spans.push(self.arena.read(string.bind(py))?);
        }
        Some(match source {
            Source::Raw(_) => Shape::Raw(start),
            Source::Words(_) => Shape::Words(start..self.spans.len()),
        })
    }

    /// All texts, one after another.
    #[allow(unsafe_code)]
    pub fn texts(&self) -> Vec<&str> {
        // SAFETY: the items, borrowed for `'o` and so longer than `self`, own a reference to every
        // string that was read, and `self.arena` is the arena they were read into.
        self.spans.iter().map(|span| unsafe { span.as_str(&self.arena) }).collect()
    }

    /// The inputs, over what [`Views::texts`] gave.
    pub fn inputs<'a>(&self, texts: &'a [&'a str]) -> Vec<Input<'a>> {
        let sequence = |shape: &Shape| match shape {
            Shape::Raw(at) => Sequence::Raw(texts[*at]),
            Shape::Words(range) => Sequence::PreTokenized(&texts[range.clone()]),
        };
        self.shapes
            .iter()
            .map(|(first, second)| Input { first: sequence(first), second: second.as_ref().map(sequence) })
            .collect()
    }

    /// Bytes of all texts.
    pub fn bytes(&self) -> usize {
        self.spans.iter().map(Utf8::bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is recognised, shown; `None` if stock has to answer.
    fn batch(code: &CStr, is_pretokenized: bool) -> Option<Vec<String>> {
        Python::initialize();
        Python::attach(|py| {
            let input = py.eval(code, None, None).unwrap();
            let items = Item::take_batch(&input, is_pretokenized)?;
            let views = Views::read(py, &items)?;
            let texts = views.texts();
            let inputs = views.inputs(&texts);
            assert_eq!(views.bytes(), texts.iter().map(|text| text.len()).sum::<usize>());
            for (item, input) in items.iter().zip(&inputs) {
                let alone = item.with_input(py, |input, _| format!("{input:?}")).unwrap();
                assert_eq!(alone, format!("{input:?}"));
            }
            Some(inputs.iter().map(show).collect())
        })
    }

    fn show(input: &Input<'_>) -> String {
        let sequence = |sequence: &Sequence<'_>| match sequence {
            Sequence::Raw(text) => (*text).to_owned(),
            Sequence::PreTokenized(words) => format!("[{}]", words.join(",")),
        };
        match &input.second {
            None => sequence(&input.first),
            Some(second) => format!("{} + {}", sequence(&input.first), sequence(second)),
        }
    }

    #[test]
    fn texts_and_pairs() {
        assert_eq!(batch(c"[]", false).unwrap(), [""; 0]);
        assert_eq!(batch(c"('a', 'é')", false).unwrap(), ["a", "é"]);
        assert_eq!(
            batch(c"['日', ('a', 'é'), ['', '😀'], type('S', (str,), {})('s')]", false).unwrap(),
            ["日", "a + é", " + 😀", "s"]
        );
    }

    #[test]
    fn words() {
        assert_eq!(batch(c"[['a', 'b'], ('c', 'd'), []]", true).unwrap(), ["[a,b]", "[c,d]", "[]"]);
        assert_eq!(
            batch(c"[(['a'], ['b']), [('a', 'é'), []], ([], ())]", true).unwrap(),
            ["[a] + [b]", "[a,é] + []", "[] + []"]
        );
    }

    #[test]
    fn the_rest_is_stocks() {
        for code in [
            c"'ab'",
            c"None",
            c"{'a'}",
            c"{'a': 1}",
            c"(x for x in 'ab')",
            c"['a', 1]",
            c"['a', None]",
            c"['a', b'a']",
            c"[('a',)]",
            c"[()]",
            c"[('a', 'b', 'c')]",
            c"[('a', None)]",
            c"['a', '\\ud800']",
            c"[('a', '\\ud83d\\ude00')]",
            c"[(['a'], ['b'])]",
            c"type('L', (list,), {})(['a'])",
            c"[type('T', (tuple,), {})(('a', 'b'))]",
            c"__import__('collections').deque(['a'])",
        ] {
            assert_eq!(batch(code, false), None, "{code:?}");
        }
        for code in [
            c"['a', 'b']",
            c"[['a', 1]]",
            c"[[['a'], 'b']]",
            c"[[['a'], ['b'], ['c']]]",
            c"[[['a'], None]]",
            c"[['a', '\\ud800']]",
            c"[[[['a']], ['b']]]",
            c"[type('L', (list,), {})(['a'])]",
        ] {
            assert_eq!(batch(code, true), None, "{code:?}");
        }
    }
}
