//! The calls of transformers in one native step each.
//!
//! Stock does most of a short call in Python: it sorts arguments, sets the backend's state, turns
//! encodings into lists, lists into tensors. A fast path does the same in one go for arguments it
//! knows exactly ([`request`]), for classes and objects that change nothing of what it replaces
//! ([`guard`], [`tokenizer`]), and leaves everything else to stock's own function.

/// The value of what was understood; else the function ends, by default with `None`: stock answers.
macro_rules! understood {
    ($value:expr) => {
        understood!($value, None)
    };
    ($value:expr, $otherwise:expr) => {
        match $value {
            Some(value) => value,
            None => return Ok($otherwise),
        }
    };
}

mod decode;
mod encode;
mod entry;
mod guard;
pub mod late;
mod lookups;
mod pad;
mod request;
mod result;
mod setup;
mod state;
mod tensor;
mod tokenizer;
mod turn;

pub use entry::{add_to, fast_calls};
pub use late::await_transformers;
pub use setup::set_calls;
pub use state::PadTokens;
pub use turn::TurnLock;
