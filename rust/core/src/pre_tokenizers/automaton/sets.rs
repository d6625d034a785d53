//! Sets of characters, as a pattern writes them, and the classes that all sets of a pattern
//! leave: characters of one class are in the same sets.

use std::collections::HashMap;

use crate::unicode::classes::{
    self, CATEGORY, HAN, LL, LM, LO, LT, LU, MC, ME, MN, ND, NL, NO, is_letter, is_mark, is_number,
    is_punctuation, is_space, is_symbol,
};

/// A set of characters.
#[derive(Debug, Clone)]
pub enum Set {
    /// First and last scalar.
    Range(u32, u32),
    /// What the class byte tells.
    Class(fn(u8) -> bool),
    Not(Box<Set>),
    Union(Vec<Set>),
    Both(Box<Set>, Box<Set>),
}

impl Set {
    pub fn one(c: char) -> Self {
        Self::Range(u32::from(c), u32::from(c))
    }

    /// `\p{name}`.
    pub fn property(name: &str) -> Option<Self> {
        Some(Self::Class(match name {
            "L" => is_letter,
            "M" => is_mark,
            "N" => is_number,
            "P" => is_punctuation,
            "S" => is_symbol,
            "Lu" => |class| class & CATEGORY == LU,
            "Ll" => |class| class & CATEGORY == LL,
            "Lt" => |class| class & CATEGORY == LT,
            "Lm" => |class| class & CATEGORY == LM,
            "Lo" => |class| class & CATEGORY == LO,
            "Mn" => |class| class & CATEGORY == MN,
            "Mc" => |class| class & CATEGORY == MC,
            "Me" => |class| class & CATEGORY == ME,
            "Nd" => |class| class & CATEGORY == ND,
            "Nl" => |class| class & CATEGORY == NL,
            "No" => |class| class & CATEGORY == NO,
            "Han" => |class| class & HAN != 0,
            _ => return None,
        }))
    }

    /// `\s`.
    pub fn white_space() -> Self {
        Self::Class(is_space)
    }

    /// Its characters, if all are ASCII and written one by one or as ranges.
    pub fn ascii(&self) -> Option<Vec<char>> {
        match self {
            Self::Range(first, last) if *last < 0x80 => {
                Some((*first as u8..=*last as u8).map(char::from).collect())
            }
            Self::Union(sets) => {
                sets.iter().map(Self::ascii).collect::<Option<Vec<_>>>().map(|all| all.concat())
            }
            _ => None,
        }
    }

    fn contains(&self, scalar: u32, class: u8) -> bool {
        match self {
            Self::Range(first, last) => (*first..=*last).contains(&scalar),
            Self::Class(is_in) => is_in(class),
            Self::Not(set) => !set.contains(scalar, class),
            Self::Union(sets) => sets.iter().any(|set| set.contains(scalar, class)),
            Self::Both(one, other) => one.contains(scalar, class) && other.contains(scalar, class),
        }
    }

    /// Adds the scalars at which membership can change by itself, not with the class byte.
    fn add_edges(&self, edges: &mut Vec<u32>) {
        match self {
            Self::Range(first, last) => edges.extend([*first, last + 1]),
            Self::Class(_) => {}
            Self::Not(set) => set.add_edges(edges),
            Self::Union(sets) => sets.iter().for_each(|set| set.add_edges(edges)),
            Self::Both(one, other) => {
                one.add_edges(edges);
                other.add_edges(edges);
            }
        }
    }
}

const BLOCK: usize = 128;
const SCALARS: u32 = 0x11_0000;

/// Which class each character is of.
#[derive(Debug)]
pub struct Classes {
    ascii: [u8; 128],
    /// Scalar / 128 to its block.
    index: Box<[u16; 8704]>,
    blocks: Vec<[u8; BLOCK]>,
    /// For each class, and at last the end of the text, which is in no set: a bit a set.
    members: Vec<Vec<bool>>,
}

impl Classes {
    pub fn new(sets: &[Set]) -> Self {
        let mut edges = vec![0, SCALARS];
        sets.iter().for_each(|set| set.add_edges(&mut edges));
        edges.sort_unstable();
        edges.dedup();
        let mut edges = edges.into_iter().peekable();
        let mut members: Vec<Vec<bool>> = Vec::new();
        let mut blocks: Vec<[u8; BLOCK]> = Vec::new();
        let mut index = Box::new([0u16; 8704]);
        // Since the last edge: the class of each class byte, and our block for each of theirs.
        let mut known = [None; 256];
        let mut done = HashMap::new();
        for (number, at) in index.iter_mut().enumerate() {
            let first = (number * BLOCK) as u32;
            let mixed = edges.peek().is_some_and(|&edge| edge < first + BLOCK as u32);
            if let Some(&block) = done.get(&classes::block(first)).filter(|_| !mixed) {
                *at = block;
                continue;
            }
            let mut block = [0; BLOCK];
            for (scalar, class) in (first..).zip(&mut block) {
                if edges.next_if_eq(&scalar).is_some() {
                    known = [None; 256];
                }
                let byte = classes::class(scalar);
                *class = *known[usize::from(byte)].get_or_insert_with(|| {
                    let row: Vec<bool> = sets.iter().map(|set| set.contains(scalar, byte)).collect();
                    let class = members.iter().position(|known| *known == row).unwrap_or_else(|| {
                        members.push(row);
                        members.len() - 1
                    });
                    // Too many classes are refused where the automaton is built.
                    class.min(255) as u8
                });
            }
            let before = blocks.iter().rposition(|known| *known == block).unwrap_or_else(|| {
                blocks.push(block);
                blocks.len() - 1
            });
            *at = before as u16;
            if mixed {
                done.clear();
            } else {
                done.insert(classes::block(first), *at);
            }
        }
        members.push(vec![false; sets.len()]);
        let ascii = blocks[usize::from(index[0])];
        Self { ascii, index, blocks, members }
    }

    /// How many classes there are, the end of the text included.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// The class that stands for the end of the text.
    pub fn end(&self) -> u8 {
        (self.members.len() - 1) as u8
    }

    /// Whether the characters of a class are in a set.
    pub fn is_in(&self, class: usize, set: usize) -> bool {
        self.members[class][set]
    }

    /// Whether some character of a block (128 scalars) is of a class `wanted`.
    pub fn any_of_block(&self, number: usize, wanted: impl Fn(u8) -> bool) -> bool {
        self.blocks[usize::from(self.index[number])].iter().any(|&class| wanted(class))
    }

    #[inline(always)]
    pub fn ascii(&self, byte: u8) -> u8 {
        self.ascii[usize::from(byte & 0x7F)]
    }

    #[inline(always)]
    pub fn wide(&self, scalar: u32) -> u8 {
        let block = self.index[(scalar >> 7) as usize];
        self.blocks[usize::from(block)][(scalar & 127) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_those_of_the_sets() {
        let digits = Set::Range(0x30, 0x39);
        let sets = [
            Set::white_space(),
            Set::Union(vec![digits.clone(), Set::one('é')]),
            Set::Not(Box::new(Set::Both(
                Box::new(Set::property("L").unwrap()),
                Box::new(Set::Range(0x61, 0x4E10)),
            ))),
        ];
        let classes = Classes::new(&sets);
        assert!(classes.len() < 12);
        for scalar in (0..SCALARS).filter(|&scalar| char::from_u32(scalar).is_some()) {
            let class = usize::from(classes.wide(scalar));
            for (i, set) in sets.iter().enumerate() {
                let want = set.contains(scalar, classes::class(scalar));
                assert_eq!(classes.is_in(class, i), want, "U+{scalar:04X} in {set:?}");
            }
        }
        assert_eq!(classes.ascii(b'7'), classes.wide(0x37));
        assert!((0..sets.len()).all(|set| !classes.is_in(usize::from(classes.end()), set)));
    }
}
