//! UnicodeScripts: a piece starts where the script changes. Characters without a script (spaces,
//! unassigned ones) belong to whatever is open; before the first script nothing is, and they are
//! lost with all the offsets they have.

use super::scanners::decode;
use crate::pieces::Span;
use crate::unicode::scripts::{ANY, script};

/// Appends the pieces of `text`, whose first byte is byte `shift` of the whole text.
pub fn cut(text: &str, shift: usize, out: &mut Vec<Span>) {
    let bytes = text.as_bytes();
    let (mut open, mut start, mut at) = (ANY, 0, 0);
    while at < bytes.len() {
        let (scalar, len) = decode(bytes, at);
        let script = script(scalar);
        if script != open && script != ANY {
            if open != ANY {
                out.push(Span::new(shift + start, shift + at));
            }
            open = script;
            start = at;
        }
        at += len;
    }
    if open != ANY {
        out.push(Span::new(shift + start, shift + at));
    }
}
