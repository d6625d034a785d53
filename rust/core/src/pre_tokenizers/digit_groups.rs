//! Cohere's `\d{1,3}(?=(?:\d{3})*\b)`: runs of digits in groups of three, counted from the right.
//!
//! Inside a run of digits there is no word boundary, so the look-ahead asks that the rest of the
//! run is whole groups and that no word goes on behind it; else nothing of the run matches. One
//! pass, where a backtracking matcher reads the rest of the run for every group.

use super::scanners::decode;
use crate::unicode::classes::{self, CATEGORY, ND, WORD};

/// The pattern this is.
pub const PATTERN: &str = r"\d{1,3}(?=(?:\d{3})*\b)";

/// Calls `each` with the byte range of every match in `text`, in order.
pub fn each_match(text: &str, mut each: impl FnMut(usize, usize)) {
    let bytes = text.as_bytes();
    // Where the open run's digits start.
    let mut starts: Vec<usize> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let (scalar, len) = decode(bytes, at);
        let class = classes::class(scalar);
        if class & CATEGORY == ND {
            starts.push(at);
        } else if !starts.is_empty() {
            if !is_word(scalar, class) {
                groups(&starts, at, &mut each);
            }
            starts.clear();
        }
        at += len;
    }
    groups(&starts, at, &mut each);
}

/// The groups of a run whose digits start at `starts`, and which ends at `end`.
fn groups(starts: &[usize], end: usize, each: &mut impl FnMut(usize, usize)) {
    let mut start = 0;
    while start < starts.len() {
        let odd = (starts.len() - start) % 3;
        let next = start + if odd == 0 { 3 } else { odd };
        each(starts[start], starts.get(next).copied().unwrap_or(end));
        start = next;
    }
}

/// Oniguruma's `\w`: that of the crate `regex` without joiners, with Latin-1's superscripts and
/// fractions.
fn is_word(scalar: u32, class: u8) -> bool {
    match scalar {
        0x200C | 0x200D => false,
        0xB2 | 0xB3 | 0xB9 | 0xBC..=0xBE => true,
        _ => class & WORD != 0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::regex::Regex;
    use super::*;

    fn check(regex: &Regex, text: &str) {
        let (mut ours, mut stock) = (Vec::new(), Vec::new());
        each_match(text, |start, end| ours.push((start, end)));
        regex.each_match(text, |start, end| stock.push((start, end))).unwrap();
        assert_eq!(ours, stock, "{text:?}");
    }

    #[test]
    fn as_oniguruma() {
        let regex = Regex::new(PATTERN).unwrap();
        for n in 0..14 {
            let run = "1234567890123456"[..n].to_owned();
            for (before, after) in
                [("", ""), ("a", " "), ("é", "a"), (" ", "_"), (".", "."), ("²", "²"), ("", "\n")]
            {
                check(&regex, &format!("{before}{run}{after}{run}{after}"));
            }
        }
        check(&regex, "१२३४५ ٣٤٥٦٧٨٩x٣٤٥٦, 12٣४ 𝟘𝟙𝟚𝟛");
        let mut from = 0;
        let scalars: Vec<char> = (0..=0x10_FFFFu32).filter_map(char::from_u32).collect();
        while from < scalars.len() {
            let part = &scalars[from..scalars.len().min(from + 1000)];
            let text: String = part.iter().flat_map(|&c| ['1', '2', '3', '4', c, c, ' ']).collect();
            check(&regex, &text);
            from += 1000;
        }
    }
}
