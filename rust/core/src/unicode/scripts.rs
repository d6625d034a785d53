//! The script of a character in the eyes of UnicodeScripts: a number, equal for equal scripts.
//! Hiragana and Katakana are Han to it.

use super::scripts_table::{BLOCKS, INDEX};

/// No script: the space, and scalars that stock's table does not know.
pub const ANY: u8 = 0;

/// The number of a scalar's script.
#[inline(always)]
pub fn script(scalar: u32) -> u8 {
    let block = INDEX[(scalar >> 7) as usize] as usize;
    BLOCKS[(block << 7) | (scalar & 127) as usize]
}
