//! The class of a character, as the patterns of tokenizers see it.
//!
//! One byte a scalar in a two-stage table: the general category as Oniguruma has it (Unicode 16),
//! and three sets that are not unions of categories. Which characters a family of patterns calls
//! letters, digits or white space is then a table of 256 bytes over this byte.

use super::classes_table::{BLOCKS, INDEX};

/// The bits of a class byte that hold the category.
pub const CATEGORY: u8 = 0x1F;
/// Punctuation in the eyes of BertPreTokenizer: ASCII punctuation, and P of Unicode 8.
pub const BERT_PUNCTUATION: u8 = 0x20;
/// `\w` of the crate `regex` (Oniguruma's differs).
pub const WORD: u8 = 0x40;
/// `\p{Han}`.
pub const HAN: u8 = 0x80;

// General categories. White space is ZS, ZL, ZP and CONTROL_SPACE.
pub const CN: u8 = 0;
pub const CC: u8 = 1;
pub const CF: u8 = 2;
pub const CO: u8 = 3;
pub const LU: u8 = 5;
pub const LL: u8 = 6;
pub const LT: u8 = 7;
pub const LM: u8 = 8;
pub const LO: u8 = 9;
pub const MN: u8 = 10;
pub const MC: u8 = 11;
pub const ME: u8 = 12;
pub const ND: u8 = 13;
pub const NL: u8 = 14;
pub const NO: u8 = 15;
pub const PC: u8 = 16;
pub const PO: u8 = 22;
pub const SM: u8 = 23;
pub const SO: u8 = 26;
pub const ZS: u8 = 27;
pub const ZP: u8 = 29;
/// The control characters that `\s` matches.
pub const CONTROL_SPACE: u8 = 30;

/// Numbers (`char::is_numeric`) that are younger than Oniguruma's tables: unassigned to it.
pub const YOUNG_NUMBER: u8 = 31;

/// The class byte of a scalar.
#[inline(always)]
pub fn class(scalar: u32) -> u8 {
    // Both lookups are in range for any scalar; the masks of safe indexing cost one compare each.
    let block = INDEX[(scalar >> 7) as usize] as usize;
    BLOCKS[(block << 7) | (scalar & 127) as usize]
}

/// A number for the block of 128 scalars around one: equal blocks have equal numbers.
pub fn block(scalar: u32) -> u16 {
    INDEX[(scalar >> 7) as usize]
}

pub const fn is_letter(class: u8) -> bool {
    let category = class & CATEGORY;
    category >= LU && category <= LO
}

pub const fn is_mark(class: u8) -> bool {
    let category = class & CATEGORY;
    category >= MN && category <= ME
}

/// `\p{N}`.
pub const fn is_number(class: u8) -> bool {
    let category = class & CATEGORY;
    category >= ND && category <= NO
}

/// `char::is_numeric`.
pub const fn is_numeric(class: u8) -> bool {
    is_number(class) || class & CATEGORY == YOUNG_NUMBER
}

pub const fn is_punctuation(class: u8) -> bool {
    let category = class & CATEGORY;
    category >= PC && category <= PO
}

pub const fn is_symbol(class: u8) -> bool {
    let category = class & CATEGORY;
    category >= SM && category <= SO
}

/// `\s`, which is also `char::is_whitespace`.
pub const fn is_space(class: u8) -> bool {
    let category = class & CATEGORY;
    category >= ZS && category <= CONTROL_SPACE
}

#[cfg(test)]
mod tests {
    use onig::Regex;
    use unicode_categories::UnicodeCategories;

    use super::*;

    /// Every scalar, in every set that a scanner may ask for.
    #[test]
    fn sets_are_those_of_oniguruma() {
        let all: String = (0..=0x10_FFFFu32).filter_map(char::from_u32).collect();
        type Set = fn(u8) -> bool;
        let sets: [(&str, Set); 15] = [
            (r"\p{L}", is_letter),
            (r"\p{M}", is_mark),
            (r"\p{N}", is_number),
            (r"\p{P}", is_punctuation),
            (r"\p{S}", is_symbol),
            (r"\s", is_space),
            (r"\p{Han}", |class| class & HAN != 0),
            (r"\p{Lu}", |class| class & CATEGORY == LU),
            (r"\p{Ll}", |class| class & CATEGORY == LL),
            (r"\p{Lt}", |class| class & CATEGORY == LT),
            (r"\p{Lm}", |class| class & CATEGORY == LM),
            (r"\p{Lo}", |class| class & CATEGORY == LO),
            (r"[^\s\p{L}\p{N}]", |class| !is_space(class) && !is_letter(class) && !is_number(class)),
            (r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", |class| {
                (is_letter(class) && class & CATEGORY != LL) || is_mark(class)
            }),
            (r"\S", |class| !is_space(class)),
        ];
        for (pattern, in_set) in sets {
            let mut stock = vec![false; 0x11_0000];
            for (start, end) in Regex::new(&format!("{pattern}+")).unwrap().find_iter(&all) {
                all[start..end].chars().for_each(|c| stock[c as usize] = true);
            }
            for c in all.chars() {
                assert_eq!(in_set(class(c as u32)), stock[c as usize], "{pattern} of U+{:04X}", c as u32);
            }
        }
    }

    #[test]
    fn other_sets() {
        let word = regex::Regex::new(r"\w").unwrap();
        for c in (0..=0x10_FFFFu32).filter_map(char::from_u32) {
            let class = class(c as u32);
            assert_eq!(is_space(class), c.is_whitespace(), "white space U+{:04X}", c as u32);
            let punctuation = c.is_ascii_punctuation() || c.is_punctuation();
            assert_eq!(class & BERT_PUNCTUATION != 0, punctuation, "BERT U+{:04X}", c as u32);
            let mut buffer = [0; 4];
            assert_eq!(
                class & WORD != 0,
                word.is_match(c.encode_utf8(&mut buffer)),
                "\\w U+{:04X}",
                c as u32
            );
            let numeric = is_number(class) || matches!(c as u32, 0x11DE0..=0x11DE9 | 0x16FF4..=0x16FF6);
            assert_eq!(is_numeric(class), numeric, "numeric U+{:04X}", c as u32);
        }
    }
}
