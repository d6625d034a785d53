//! SIMD kernels. The algorithms ([`words`](self::words), [`runs`](self::runs)) are generic over
//! [`Lanes`]; a level's file says how 64 bytes are classified with its instructions. The level is
//! chosen once, when an engine is built.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod cased;
mod emit;
mod lanes;
#[cfg(target_arch = "aarch64")]
mod neon;
mod runs;
#[cfg(target_arch = "x86_64")]
mod sse2;
mod white_space;
mod words;

use std::sync::OnceLock;

use crate::pieces::Span;
use crate::pre_tokenizers::scanners;
use crate::pre_tokenizers::scanners::cased::Cases;
use crate::pre_tokenizers::scanners::runs::Kinds;
use crate::pre_tokenizers::scanners::words::Rules;

pub(crate) use lanes::Lanes;

/// A set of instructions this machine was found to have. Each variant but `Scalar` holds a proof
/// that only detection makes.
#[derive(Debug, Clone, Copy)]
pub enum Level {
    Scalar,
    #[cfg(target_arch = "x86_64")]
    Sse2(sse2::Sse2),
    #[cfg(target_arch = "x86_64")]
    Avx2(avx2::Avx2),
    #[cfg(target_arch = "x86_64")]
    Avx512(avx512::Avx512),
    #[cfg(target_arch = "aarch64")]
    Neon(neon::Neon),
}

impl Level {
    /// The levels of this machine, from the plainest to the best.
    pub fn available() -> Vec<Self> {
        let mut levels = vec![Self::Scalar];
        #[cfg(target_arch = "x86_64")]
        {
            levels.extend(sse2::Sse2::detect().map(Self::Sse2));
            levels.extend(avx2::Avx2::detect().map(Self::Avx2));
            levels.extend(avx512::Avx512::detect().map(Self::Avx512));
        }
        #[cfg(target_arch = "aarch64")]
        levels.extend(neon::Neon::detect().map(Self::Neon));
        levels
    }

    /// The level to use: what `BUDTIKTOK_SIMD` names if the machine has it, else the best. Found
    /// out once.
    pub fn detect() -> Self {
        static LEVEL: OnceLock<Level> = OnceLock::new();
        *LEVEL.get_or_init(|| {
            let available = Self::available();
            let wanted = std::env::var("BUDTIKTOK_SIMD").unwrap_or_default();
            let named = available.iter().find(|level| level.name() == wanted);
            *named.or(available.last()).unwrap_or(&Self::Scalar)
        })
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            #[cfg(target_arch = "x86_64")]
            Self::Sse2(_) => "sse2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => "avx2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => "avx512",
            #[cfg(target_arch = "aarch64")]
            Self::Neon(_) => "neon",
        }
    }
}

/// The name of the level in use: `"scalar"`, `"sse2"`, `"avx2"`, `"avx512"` or `"neon"`.
pub fn simd_level() -> &'static str {
    Level::detect().name()
}

/// One whole-text loop per level: everything below it is inlined into the wrapper, and so
/// compiled with its instructions.
macro_rules! levels {
    ($(#[$doc:meta])* $name:ident, $rules:ident) => {
        $(#[$doc])*
        pub fn $name<R: $rules>(level: Level, text: &str, shift: u32, out: &mut Vec<Span>) {
            match level {
                Level::Scalar => scanners::$name::scan::<R>(text.as_bytes(), shift, out),
                #[cfg(target_arch = "x86_64")]
                Level::Sse2(lanes) => $name::scan::<_, R>(lanes, text, shift, out),
                #[cfg(target_arch = "x86_64")]
                Level::Avx2(lanes) => {
                    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
                    fn wrapper<R: $rules>(lanes: avx2::Avx2, text: &str, shift: u32, out: &mut Vec<Span>) {
                        $name::scan::<_, R>(lanes, text, shift, out);
                    }
                    // SAFETY: the proof in `lanes` says that the machine has these features.
                    unsafe { wrapper::<R>(lanes, text, shift, out) }
                }
                #[cfg(target_arch = "x86_64")]
                Level::Avx512(lanes) => {
                    #[target_feature(
                        enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,avx512vbmi2,bmi1,bmi2,lzcnt,popcnt"
                    )]
                    fn wrapper<R: $rules>(lanes: avx512::Avx512, text: &str, shift: u32, out: &mut Vec<Span>) {
                        $name::scan::<_, R>(lanes, text, shift, out);
                    }
                    // SAFETY: the proof in `lanes` says that the machine has these features.
                    unsafe { wrapper::<R>(lanes, text, shift, out) }
                }
                // NEON is part of every aarch64 target this is built for.
                #[cfg(target_arch = "aarch64")]
                Level::Neon(lanes) => $name::scan::<_, R>(lanes, text, shift, out),
            }
        }
    };
}

levels! {
    /// Appends the pieces of `text` under the rules `R`; `shift` is added to each position.
    words, Rules
}
levels! {
    /// Appends the pieces of `text` under the rules `R`; `shift` is added to each position.
    cased, Cases
}
levels! {
    /// Appends the pieces of `text` under the kinds `R`; `shift` is added to each position.
    runs, Kinds
}

/// First bytes of characters that are all letters: Latin extended, Cyrillic, CJK from U+5000,
/// most of Hangul. No table needs to be asked about them.
#[inline(always)]
fn letter_leads<K: Lanes>(lanes: K, block: K::Block) -> u64 {
    lanes.range(block, 0xC4, 7)
        | lanes.range(block, 0xD0, 2)
        | lanes.range(block, 0xE5, 5)
        | lanes.range(block, 0xEB, 2)
}

/// The scalar that starts at byte `at` of a text, and its length in bytes.
///
/// # Safety
/// `at` is inside the text and on a character's first byte, which is not ASCII.
#[inline(always)]
unsafe fn decode_wide(text: &str, at: usize) -> (u32, usize) {
    let bytes = text.as_bytes();
    debug_assert!(text.is_char_boundary(at) && at < text.len());
    // SAFETY: a `str` is valid UTF-8, so the bytes that the first one announces are there.
    let byte = |i: usize| u32::from(unsafe { *bytes.get_unchecked(at + i) });
    let lead = byte(0);
    if lead < 0xE0 {
        ((lead & 0x1F) << 6 | byte(1) & 0x3F, 2)
    } else if lead < 0xF0 {
        ((lead & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | byte(2) & 0x3F, 3)
    } else {
        ((lead & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | byte(3) & 0x3F, 4)
    }
}

/// The bytes from `at` to the end (fewer than 64), with zeros after them, and a bit for each that
/// is there.
#[inline(always)]
fn padded(tail: &[u8]) -> ([u8; 64], u64) {
    let mut block = [0; 64];
    block[..tail.len()].copy_from_slice(tail);
    (block, (1 << tail.len()) - 1)
}
