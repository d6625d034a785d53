//! Reading the small parts: typed access to the fields of a JSON object.

use serde_json::{Map, Value};

/// A part's parse result; the text says which field is wrong.
pub(super) type Parsed<T> = Result<T, String>;

/// The fields of one component's object.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    pub fn new(map: &'a Map<String, Value>) -> Self {
        Self(map)
    }

    pub fn of(value: &'a Value) -> Parsed<Self> {
        value.as_object().map(Self).ok_or_else(|| format!("expected an object, found {}", kind_of(value)))
    }

    /// The `type` field, if it is a string.
    pub fn kind(self) -> Option<&'a str> {
        self.0.get("type").and_then(Value::as_str)
    }

    pub fn get(self, key: &str) -> Option<&'a Value> {
        self.0.get(key)
    }

    pub fn has(self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// A field that must be there.
    pub fn required<T: FromValue>(self, key: &str) -> Parsed<T> {
        let value = self.0.get(key).ok_or_else(|| format!("missing field `{key}`"))?;
        T::from_value(value).map_err(|error| format!("field `{key}`: {error}"))
    }

    /// A field with a default; `null` is not the default.
    pub fn or<T: FromValue>(self, key: &str, default: T) -> Parsed<T> {
        if self.has(key) { self.required(key) } else { Ok(default) }
    }

    /// A field that may be absent or `null`.
    pub fn optional<T: FromValue>(self, key: &str) -> Parsed<Option<T>> {
        match self.0.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(_) => self.required(key).map(Some),
        }
    }
}

/// What a field can hold.
pub(super) trait FromValue: Sized {
    fn from_value(value: &Value) -> Parsed<Self>;
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn expected<T>(what: &str, value: &Value) -> Parsed<T> {
    Err(format!("expected {what}, found {}", kind_of(value)))
}

impl FromValue for bool {
    fn from_value(value: &Value) -> Parsed<Self> {
        value.as_bool().map_or_else(|| expected("a boolean", value), Ok)
    }
}

impl FromValue for String {
    fn from_value(value: &Value) -> Parsed<Self> {
        value.as_str().map_or_else(|| expected("a string", value), |text| Ok(text.to_owned()))
    }
}

impl FromValue for char {
    fn from_value(value: &Value) -> Parsed<Self> {
        let mut chars = value.as_str().unwrap_or_default().chars();
        match (chars.next(), chars.next()) {
            (Some(only), None) => Ok(only),
            _ => expected("a single character", value),
        }
    }
}

impl FromValue for u32 {
    fn from_value(value: &Value) -> Parsed<Self> {
        let number = value.as_u64().and_then(|number| number.try_into().ok());
        number.map_or_else(|| expected("a 32-bit unsigned number", value), Ok)
    }
}

impl FromValue for usize {
    fn from_value(value: &Value) -> Parsed<Self> {
        let number = value.as_u64().and_then(|number| number.try_into().ok());
        number.map_or_else(|| expected("an unsigned number", value), Ok)
    }
}

impl FromValue for f32 {
    fn from_value(value: &Value) -> Parsed<Self> {
        value.as_f64().map_or_else(|| expected("a number", value), |number| Ok(number as f32))
    }
}

/// A token with its id, as `sep` and `cls` are written.
impl FromValue for (String, u32) {
    fn from_value(value: &Value) -> Parsed<Self> {
        match value.as_array().map(Vec::as_slice) {
            Some([token, id]) => Ok((String::from_value(token)?, u32::from_value(id)?)),
            _ => expected("a token and its id", value),
        }
    }
}

impl<T: FromValue> FromValue for Vec<T> {
    fn from_value(value: &Value) -> Parsed<Self> {
        match value {
            Value::Array(items) => items.iter().map(T::from_value).collect(),
            _ => expected("a list", value),
        }
    }
}
