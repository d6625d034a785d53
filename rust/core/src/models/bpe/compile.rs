//! From what is written in the file to tables.

use std::sync::Arc;

use crate::config::BpeConfig;
use crate::error::{Error, Result};
use crate::models::Alphabet;
use crate::models::word_cache::ID_LIMIT;
use crate::pre_tokenizers::spaces::MARK;
use crate::unchecked::{Job, Level};
use crate::vocabulary::Vocabulary;

use super::atoms::{Affixed, Atoms, Missing, NO_SYMBOL, Pages, Unknown};
use super::batch::{BATCH, Batch};
use super::cuts::Cuts;
use super::merges::Merges;
use super::premerge::Premerge;
use super::words::{Texts, Words};
use super::{Bpe, alphabet};

impl Bpe {
    /// Compiles a model; `Unsupported` for dropout, for ids shared by two strings, and for
    /// affixes over bytes (the plan then compiles it over characters).
    pub fn compile(config: &BpeConfig, alphabet: Alphabet) -> Result<Self> {
        if let Some(dropout) = config.dropout {
            if !(0.0..=1.0).contains(&dropout) {
                return Err(Error::config("Dropout should be between 0 and 1, inclusive"));
            }
            if dropout > 0.0 {
                return Err(Error::unsupported("model", "BPE with dropout"));
            }
        }
        if config.vocab.id_bound() > ID_LIMIT {
            return Err(Error::unsupported("model", "BPE with ids of more than 30 bits"));
        }
        if config.vocab.shares_ids() {
            return Err(Error::unsupported("model", "BPE whose vocabulary gives two strings one id"));
        }
        let prefix = config.continuing_subword_prefix.clone().unwrap_or_default();
        let suffix = config.end_of_word_suffix.clone().unwrap_or_default();
        let affixed = !prefix.is_empty() || !suffix.is_empty();
        let suffixed = prefix.is_empty() && !suffix.is_empty();
        if affixed && !Self::accepts(config, alphabet) {
            return Err(Error::unsupported("model", "BPE with these affixes over this alphabet"));
        }
        if alphabet == Alphabet::Spaces && config.vocab.id(MARK).is_none() {
            return Err(Error::unsupported("model", "BPE over spaces without a token for them"));
        }
        let vocabulary = Arc::new(config.vocab.clone());
        let (listed, plain) = Merges::resolve(config)?;
        let unknown_id = config.unk_token.as_ref().map(|token| vocabulary.id(token));
        let byte_ids: Vec<Option<u32>> = (0..=255_u8)
            .map(|byte| config.byte_fallback.then(|| vocabulary.id(&format!("<0x{byte:02X}>"))).flatten())
            .collect();
        let mut starting = starting_ids(&vocabulary, alphabet, affixed, &suffix);
        starting.extend(unknown_id.flatten());
        starting.extend(byte_ids.iter().flatten());
        let (merges, symbols, pairs) =
            Merges::build(&listed, plain && prefix.is_empty(), starting.into_iter(), vocabulary.id_bound())?;
        let symbol = |id: Option<u32>| id.map_or(NO_SYMBOL, |id| symbols[id as usize]);
        let mut byte_symbols = Box::new([NO_SYMBOL; 256]);
        for (byte, &id) in byte_ids.iter().enumerate() {
            byte_symbols[byte] = symbol(id);
        }
        let missing = Missing {
            byte_symbols,
            unknown: match (&config.unk_token, unknown_id.flatten()) {
                (None, _) => Unknown::None,
                (Some(_), Some(id)) => Unknown::Symbol(symbols[id as usize]),
                (Some(token), None) => Unknown::NotAToken(token.clone()),
            },
            fuse_unknown: config.fuse_unk,
        };
        let atoms = match alphabet {
            Alphabet::RawBytes => {
                let table = |suffix: &str| {
                    alphabet::CHARACTERS
                        .map(|character| symbol(vocabulary.id(&format!("{character}{suffix}"))))
                };
                if suffixed {
                    Atoms::Suffixed(Box::new([table(""), table(&suffix)]))
                } else {
                    Atoms::Bytes(Box::new(table("")))
                }
            }
            Alphabet::Characters if affixed => {
                Atoms::Affixed(Box::new(affixed_pages(&vocabulary, &symbols, &prefix, &suffix)))
            }
            Alphabet::Characters | Alphabet::Spaces => {
                let mut pages = Pages::default();
                for (id, token) in vocabulary.iter() {
                    match only_character(token) {
                        Some(' ') if alphabet == Alphabet::Spaces => {}
                        Some('▁') if alphabet == Alphabet::Spaces => {
                            pages.insert(' ', symbols[id as usize])
                        }
                        Some(character) => pages.insert(character, symbols[id as usize]),
                        None => {}
                    }
                }
                Atoms::Characters(pages)
            }
        };
        // Words that are looked up before they are merged have no suffix.
        let stripped = suffixed && !config.ignore_merges;
        let texts = Texts::new(&vocabulary, alphabet, if stripped { &suffix } else { "" });
        let premerge = match &atoms {
            Atoms::Bytes(bytes) if merges.plain => Some(Premerge::new(&merges, &pairs, bytes, &texts)),
            _ => None,
        };
        let odd: Vec<u32> = byte_ids.iter().flatten().copied().chain(unknown_id.flatten()).collect();
        let odd_merges = {
            let odd: hashbrown::HashSet<u32> = odd.iter().copied().collect();
            listed.iter().any(|merge| odd.contains(&merge.left) || odd.contains(&merge.right))
        };
        let mut widths = vec![0; vocabulary.id_bound()];
        if (!affixed || stripped) && !odd_merges {
            for (id, width) in widths.iter_mut().enumerate() {
                *width = texts.get(id as u32).len() as u32;
            }
            for &id in &odd {
                let made = listed.iter().any(|merge| merge.result == id);
                let byte = unknown_id.flatten() != Some(id) && alphabet != Alphabet::RawBytes;
                widths[id as usize] = u32::from(byte && !made);
            }
        }
        let cuts = (merges.plain)
            .then(|| {
                let mut made: Vec<u32> = listed.iter().map(|merge| merge.result).collect();
                made.dedup();
                let made = made.into_iter();
                compile_cuts(made, &texts, &atoms, &missing, odd_merges)
            })
            .flatten();
        let words = Words::new(&texts, &[]);
        let mut bpe = Self {
            vocabulary,
            alphabet,
            atoms,
            missing,
            merges,
            premerge,
            texts,
            words,
            cuts,
            widths,
            ignore_merges: config.ignore_merges,
            level: Level::detect(),
        };
        let ids = bpe.whole_words();
        bpe.words = Words::new(&bpe.texts, &ids);
        Ok(bpe)
    }

    /// Whether the model's affixes can be told apart over this alphabet: a suffix over bytes can,
    /// if no word is looked up without it.
    pub fn accepts(config: &BpeConfig, alphabet: Alphabet) -> bool {
        let none = |affix: &Option<String>| affix.as_deref().unwrap_or("").is_empty();
        match (none(&config.continuing_subword_prefix), none(&config.end_of_word_suffix)) {
            (true, true) => true,
            (true, false) if alphabet == Alphabet::RawBytes => !config.ignore_merges,
            _ => alphabet == Alphabet::Characters,
        }
    }

    /// The tokens whose text, as a whole word, is encoded as that token.
    fn whole_words(&self) -> Vec<u32> {
        if self.ignore_merges {
            return self.texts.iter().map(|(id, _)| id).collect();
        }
        self.level.run(WholeWords { bpe: self })
    }
}

/// Merging every token's text once.
struct WholeWords<'a> {
    bpe: &'a Bpe,
}

impl Job for WholeWords<'_> {
    type Output = Vec<u32>;

    #[inline(always)]
    fn run(self) -> Vec<u32> {
        let bpe = self.bpe;
        let mut ids = Vec::with_capacity(bpe.vocabulary.len());
        let mut batch = Batch::default();
        let mut waiting = [0; BATCH];
        let mut texts = bpe.texts.iter();
        loop {
            let mut count = 0;
            while count < BATCH
                && let Some((id, text)) = texts.next()
            {
                if bpe.start_short(text, batch.next()) {
                    batch.push(count as u8, &bpe.merges);
                    waiting[count] = id;
                    count += 1;
                }
            }
            if count == 0 {
                return ids;
            }
            batch.merge(&bpe.merges);
            for (at, word) in batch.drain() {
                let id = waiting[usize::from(at)];
                if matches!(*word.as_slice(), [symbol] if bpe.merges.ids[symbol as usize] == id) {
                    ids.push(id);
                }
            }
        }
    }
}

/// The cuts of long pieces, for models whose merges are plain concatenations.
///
/// A character stands for itself if it (or each of its bytes) is a token. One that falls back to
/// byte tokens does too, if no merge takes such a token and no unknown can be pending, which
/// byte tokens pass by: that is, if every character has its bytes' tokens.
fn compile_cuts(
    made: impl Iterator<Item = u32>,
    texts: &Texts,
    atoms: &Atoms,
    missing: &Missing,
    odd_merges: bool,
) -> Option<Cuts> {
    // The bytes that occur in UTF-8.
    let all = |symbols: &[u32; 256]| {
        symbols
            .iter()
            .enumerate()
            .all(|(byte, &symbol)| symbol != NO_SYMBOL || matches!(byte, 0xC0 | 0xC1 | 0xF5..))
    };
    let made = made.map(|id| texts.get(id));
    match atoms {
        Atoms::Bytes(symbols) => {
            let closed = |character: char| {
                character.encode_utf8(&mut [0; 4]).bytes().all(|byte| symbols[byte as usize] != NO_SYMBOL)
            };
            Cuts::new(made, std::iter::empty(), closed, !all(symbols))
        }
        Atoms::Characters(pages) => {
            let fallback = all(&missing.byte_symbols) && !odd_merges;
            let closed = |character| fallback || pages.get(character) != NO_SYMBOL;
            let known =
                ('\0'..=char::MAX).filter(|&character| !fallback && pages.get(character) != NO_SYMBOL);
            Cuts::new(made, known, closed, !fallback)
        }
        Atoms::Suffixed(_) | Atoms::Affixed(_) => None,
    }
}

/// The only character of a string.
fn only_character(string: &str) -> Option<char> {
    let mut characters = string.chars();
    characters.next().filter(|_| characters.as_str().is_empty())
}

/// The ids of the tokens a text's own bytes or characters start from.
fn starting_ids(vocabulary: &Vocabulary, alphabet: Alphabet, affixed: bool, suffix: &str) -> Vec<u32> {
    match alphabet {
        Alphabet::RawBytes => {
            let ids = |suffix: &str| -> Vec<u32> {
                let strings = alphabet::CHARACTERS.iter().map(|character| format!("{character}{suffix}"));
                strings.filter_map(|string| vocabulary.id(&string)).collect()
            };
            let mut starting = ids("");
            if affixed {
                starting.extend(ids(suffix));
            }
            starting
        }
        Alphabet::Characters | Alphabet::Spaces => vocabulary
            .iter()
            .filter(|(_, token)| affixed || only_character(token).is_some())
            .map(|(id, _)| id)
            .collect(),
    }
}

fn affixed_pages(vocabulary: &Vocabulary, symbols: &[u32], prefix: &str, suffix: &str) -> Affixed {
    let (prefix, suffix) = (prefix.to_owned(), suffix.to_owned());
    let mut affixed = Affixed { prefix, suffix, ..Affixed::default() };
    for (id, token) in vocabulary.iter() {
        let symbol = symbols[id as usize];
        let continued = token.strip_prefix(affixed.prefix.as_str());
        let ended = token.strip_suffix(affixed.suffix.as_str());
        let both = continued.and_then(|rest| rest.strip_suffix(affixed.suffix.as_str()));
        if let Some(character) = only_character(token) {
            affixed.first.insert(character, symbol);
        }
        if let Some(character) = ended.and_then(only_character) {
            affixed.only.insert(character, symbol);
        }
        if let Some(character) = continued.and_then(only_character) {
            affixed.middle.insert(character, symbol);
        }
        if let Some(character) = both.and_then(only_character) {
            affixed.last.insert(character, symbol);
        }
    }
    affixed
}
