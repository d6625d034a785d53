//! The Python objects of a large JSON text, as `json.loads` makes them, several times faster.
//!
//! Only what is plain is read; anything else (an error, a lone surrogate, `NaN`, a number beyond
//! 64 bits, deep nesting) is left to Python, which then reads the text from the start. Linear.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString};

/// Objects and arrays within one another.
const DEEPEST: usize = 64;

/// What `json.loads` gives for a text in UTF-8. None if Python has to read it.
#[pyfunction]
pub fn json_objects<'py>(py: Python<'py>, text: &Bound<'py, PyBytes>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let bytes = text.as_bytes();
    let Ok(text) = py.detach(|| std::str::from_utf8(bytes)) else { return Ok(None) };
    let mut reader = Reader { py, text, at: 0, depth: 0, values: Vec::new(), names: Default::default() };
    let Some(value) = reader.value() else {
        // Nothing that Python raised is kept: it will read the text itself.
        drop(PyErr::take(py));
        return Ok(None);
    };
    reader.skip_space();
    Ok((reader.at == bytes.len()).then_some(value))
}

struct Reader<'a, 'py> {
    py: Python<'py>,
    text: &'a str,
    at: usize,
    depth: usize,
    /// The elements of the lists that are open.
    values: Vec<Bound<'py, PyAny>>,
    /// Names of fields come again and again: the last with each length and ends.
    names: [Option<(&'a str, Bound<'py, PyString>)>; 32],
}

impl<'a, 'py> Reader<'a, 'py> {
    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.byte() {
            self.at += 1;
        }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Whether this byte comes next; it is skipped then.
    fn take(&mut self, byte: u8) -> bool {
        let found = self.byte() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn word(&mut self, word: &str) -> Option<()> {
        let found = self.text.as_bytes()[self.at..].starts_with(word.as_bytes());
        self.at += word.len();
        found.then_some(())
    }

    fn value(&mut self) -> Option<Bound<'py, PyAny>> {
        self.skip_space();
        match self.byte()? {
            b'"' => {
                let text = self.string()?;
                Some(
                    match text {
                        Text::Plain(text) => PyString::new(self.py, text),
                        Text::Unescaped(text) => PyString::new(self.py, &text),
                    }
                    .into_any(),
                )
            }
            b'{' => self.nested(Self::object),
            b'[' => self.nested(Self::list),
            b't' => self.word("true").map(|()| PyBool::new(self.py, true).to_owned().into_any()),
            b'f' => self.word("false").map(|()| PyBool::new(self.py, false).to_owned().into_any()),
            b'n' => self.word("null").map(|()| self.py.None().into_bound(self.py)),
            _ => self.number(),
        }
    }

    fn nested(
        &mut self,
        read: impl FnOnce(&mut Self) -> Option<Bound<'py, PyAny>>,
    ) -> Option<Bound<'py, PyAny>> {
        self.at += 1;
        self.depth += 1;
        let value = if self.depth <= DEEPEST { read(self) } else { None };
        self.depth -= 1;
        value
    }

    fn object(&mut self) -> Option<Bound<'py, PyAny>> {
        let object = PyDict::new(self.py);
        self.skip_space();
        if self.take(b'}') {
            return Some(object.into_any());
        }
        loop {
            self.skip_space();
            let name = self.name()?;
            self.skip_space();
            if !self.take(b':') {
                return None;
            }
            let value = self.value()?;
            object.set_item(name, value).ok()?;
            self.skip_space();
            if !self.take(b',') {
                return self.take(b'}').then(|| object.into_any());
            }
        }
    }

    fn list(&mut self) -> Option<Bound<'py, PyAny>> {
        let start = self.values.len();
        self.skip_space();
        if !self.take(b']') {
            loop {
                let value = self.value()?;
                self.values.push(value);
                self.skip_space();
                if !self.take(b',') {
                    break;
                }
            }
            if !self.take(b']') {
                return None;
            }
        }
        PyList::new(self.py, self.values.drain(start..)).ok().map(Bound::into_any)
    }

    /// The name of a field: one object for each text, as far as remembered.
    fn name(&mut self) -> Option<Bound<'py, PyString>> {
        let name = match self.string()? {
            Text::Plain(name) => name,
            Text::Unescaped(name) => return Some(PyString::new(self.py, &name)),
        };
        let (Some(&first), Some(&last)) = (name.as_bytes().first(), name.as_bytes().last()) else {
            return Some(PyString::new(self.py, name));
        };
        let place = (name.len() + usize::from(first) * 5 + usize::from(last)) % self.names.len();
        if let Some((known, object)) = &self.names[place]
            && *known == name
        {
            return Some(object.clone());
        }
        let object = PyString::new(self.py, name);
        self.names[place] = Some((name, object.clone()));
        Some(object)
    }

    fn string(&mut self) -> Option<Text<'a>> {
        if !self.take(b'"') {
            return None;
        }
        let start = self.at;
        loop {
            match self.byte()? {
                b'"' => break,
                b'\\' => return self.unescaped(start),
                0..0x20 => return None,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Some(Text::Plain(&self.text[start..self.at - 1]))
    }

    /// The rest of a string whose first escape stands at the present place.
    fn unescaped(&mut self, start: usize) -> Option<Text<'a>> {
        let mut text = String::new();
        let mut copied = start;
        loop {
            match self.byte()? {
                b'"' => break,
                b'\\' => {
                    text.push_str(&self.text[copied..self.at]);
                    self.at += 1;
                    let escape = self.byte()?;
                    self.at += 1;
                    text.push(match escape {
                        b'"' | b'\\' | b'/' => char::from(escape),
                        b'b' => '\u{8}',
                        b'f' => '\u{c}',
                        b'n' => '\n',
                        b'r' => '\r',
                        b't' => '\t',
                        b'u' => self.escaped_character()?,
                        _ => return None,
                    });
                    copied = self.at;
                }
                0..0x20 => return None,
                _ => self.at += 1,
            }
        }
        text.push_str(&self.text[copied..self.at]);
        self.at += 1;
        Some(Text::Unescaped(text))
    }

    fn escaped_character(&mut self) -> Option<char> {
        let first = self.four_digits()?;
        if !(0xD800..0xDC00).contains(&first) {
            return char::from_u32(first);
        }
        self.word("\\u")?;
        let second = self.four_digits()?;
        let low = (0xDC00..0xE000).contains(&second).then(|| second - 0xDC00)?;
        char::from_u32(0x10000 + ((first - 0xD800) << 10 | low))
    }

    fn four_digits(&mut self) -> Option<u32> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4)?;
        self.at += 4;
        digits.iter().try_fold(0, |value, &digit| Some(value << 4 | char::from(digit).to_digit(16)?))
    }

    fn number(&mut self) -> Option<Bound<'py, PyAny>> {
        let start = self.at;
        self.take(b'-');
        let digits = |reader: &mut Self| {
            let from = reader.at;
            while reader.byte().is_some_and(|byte| byte.is_ascii_digit()) {
                reader.at += 1;
            }
            (reader.at > from).then_some(())
        };
        if !self.take(b'0') {
            digits(self)?;
        }
        let mut is_float = false;
        if self.take(b'.') {
            digits(self)?;
            is_float = true;
        }
        if self.take(b'e') || self.take(b'E') {
            if !self.take(b'-') {
                self.take(b'+');
            }
            digits(self)?;
            is_float = true;
        }
        let text = &self.text[start..self.at];
        if is_float {
            return Some(PyFloat::new(self.py, text.parse().ok()?).into_any());
        }
        Some(PyInt::new(self.py, text.parse::<i64>().ok()?).into_any())
    }
}

/// A string of the text.
enum Text<'a> {
    /// As it stands there.
    Plain(&'a str),
    Unescaped(String),
}
