//! The pieces as a double array: from a node, one load says whether a byte leads on, and which piece
//! ends there.
//!
//! A node's children lie at its base xor their byte, within one block of 256 cells. No two nodes
//! have the same base, so the byte written in a cell is enough to know whose child it is. Built
//! from the sorted pieces, depth first, in the order of the bytes: a path's cells lie close
//! together. Free cells are searched in the last blocks only, which bounds the time a node takes.
//!
//! Aoe: "An Efficient Digital Search Algorithm by Using a Double-Array Structure", IEEE
//! Transactions on Software Engineering 15(9), 1989; with xor and unique bases as in Darts-clone.

use std::collections::HashMap;

use crate::map::Zeroed;

/// No text has this byte: free cells are never entered.
const FREE: u32 = 0xFF;
/// In place of an id: no piece ends here.
pub const NO_PIECE: u32 = (1 << 24) - 1;
/// Beyond all cells: a node without children.
const CHILDLESS: u32 = u32::MAX;
const BLOCK: usize = 256;
/// Blocks that free cells are searched in.
const OPEN_BLOCKS: usize = 16;
const RING: usize = OPEN_BLOCKS * BLOCK;
/// Free cells that are tried for a node before it gets a block of its own.
const TRIES: usize = 24;

/// A node: where its children are and, above, the byte that leads here and the piece's id or
/// `NO_PIECE`. Eight bytes, so that as much as can be of a large vocabulary stays in the caches.
#[derive(Debug, Clone, Copy)]
pub struct Cell(u64);

const FREE_CELL: u64 = (CHILDLESS as u64) | ((NO_PIECE << 8 | FREE) as u64) << 32;

impl Cell {
    fn set_node(cell: &mut u64, node: u32) {
        *cell = *cell & !u64::from(u32::MAX) | u64::from(node);
    }

    fn set(cell: &mut u64, id: u32, byte: u8) {
        *cell = *cell & u64::from(u32::MAX) | u64::from(id << 8 | u32::from(byte)) << 32;
    }

    #[inline(always)]
    fn byte(self) -> u8 {
        (self.0 >> 32) as u8
    }

    /// The id of the piece that ends here, or `NO_PIECE`.
    #[inline(always)]
    pub fn id(self) -> u32 {
        (self.0 >> 40) as u32
    }

    /// The node to go on from.
    #[inline(always)]
    pub fn node(self) -> u32 {
        self.0 as u32
    }
}

/// The double array.
#[derive(Debug)]
pub struct Trie {
    cells: Zeroed<u64>,
    root: u32,
    /// By id.
    scores: Box<[f64]>,
    /// Bytes of the longest piece.
    longest: usize,
    /// Bytes of the pieces of 255 and more, by id.
    long: HashMap<u32, usize>,
}

impl Trie {
    #[inline(always)]
    pub fn root(&self) -> u32 {
        self.root
    }

    pub fn longest(&self) -> usize {
        self.longest
    }

    /// Bytes of a piece of 255 bytes and more.
    #[cold]
    pub fn long_len(&self, id: u32) -> usize {
        self.long.get(&id).copied().unwrap_or(1)
    }

    /// The child of a node by a byte of UTF-8.
    #[inline(always)]
    pub fn step(&self, node: u32, byte: u8) -> Option<Cell> {
        let cell = Cell(*self.cells.get((node ^ u32::from(byte)) as usize)?);
        (cell.byte() == byte).then_some(cell)
    }

    /// The score of a piece.
    #[inline(always)]
    pub fn score(&self, id: u32) -> f64 {
        self.scores[id as usize]
    }

    /// Builds from the pieces, whose index is their id; a repeated piece has its last index.
    /// There are fewer than `NO_PIECE`.
    pub fn build(pieces: &[(String, f64)]) -> Self {
        let keys = Keys::sort(pieces);
        let longest = pieces.iter().map(|(piece, _)| piece.len()).max().unwrap_or(0);
        let mut trie = Builder::default().build(&keys, pieces, longest);
        let long = pieces.iter().enumerate().filter(|(_, (piece, _))| piece.len() >= 255);
        trie.long = long.map(|(id, (piece, _))| (id as u32, piece.len())).collect();
        trie
    }
}

/// The distinct pieces in the order of their bytes, one after the other in one arena.
struct Keys {
    bytes: Vec<u8>,
    /// Where each ends in the arena; it starts where the one before ends.
    ends: Vec<u32>,
    ids: Vec<u32>,
}

impl Keys {
    fn sort(pieces: &[(String, f64)]) -> Self {
        // The first sixteen bytes as a number decide nearly always.
        let mut order: Vec<(u128, u32)> =
            pieces.iter().enumerate().map(|(id, (piece, _))| (first_bytes(piece), id as u32)).collect();
        let text = |id: u32| pieces[id as usize].0.as_bytes();
        order.sort_unstable_by(|a, b| {
            a.0.cmp(&b.0).then_with(|| text(a.1).cmp(text(b.1))).then(a.1.cmp(&b.1))
        });
        let mut keys = Self {
            bytes: Vec::with_capacity(pieces.iter().map(|(piece, _)| piece.len()).sum()),
            ends: Vec::with_capacity(pieces.len()),
            ids: Vec::with_capacity(pieces.len()),
        };
        for (at, &(first, id)) in order.iter().enumerate() {
            let repeated = order.get(at + 1).is_some_and(|next| next.0 == first && text(next.1) == text(id));
            if !repeated {
                keys.bytes.extend_from_slice(text(id));
                keys.ends.push(keys.bytes.len() as u32);
                keys.ids.push(id);
            }
        }
        keys
    }

    fn get(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start as usize..self.ends[index] as usize]
    }
}

fn first_bytes(piece: &str) -> u128 {
    let mut bytes = [0; 16];
    let len = piece.len().min(16);
    bytes[..len].copy_from_slice(&piece.as_bytes()[..len]);
    u128::from_be_bytes(bytes)
}

/// Where a cell of an open block stands.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    /// The free cells before and after it.
    before: u32,
    after: u32,
    taken: bool,
    /// Some node has it as its base.
    is_base: bool,
}

/// A node to be placed: the keys that share its path.
struct Node {
    cell: Option<u32>,
    depth: u32,
    first: u32,
    last: u32,
}

/// Cells while they are given out, with a ring of what is free in the open blocks.
struct Builder {
    cells: Vec<u64>,
    places: Box<[Place; RING]>,
    /// Some free cell, if there is one.
    free: Option<u32>,
}

impl Default for Builder {
    fn default() -> Self {
        Self { cells: Vec::new(), places: Box::new([Place::default(); RING]), free: None }
    }
}

impl Builder {
    fn build(mut self, keys: &Keys, pieces: &[(String, f64)], longest: usize) -> Trie {
        let mut root = CHILDLESS;
        let mut children: Vec<(u8, u32, u32)> = Vec::new();
        let mut nodes = Vec::new();
        if !keys.ids.is_empty() {
            nodes.push(Node { cell: None, depth: 0, first: 0, last: keys.ids.len() as u32 - 1 });
        }
        while let Some(Node { cell, depth, mut first, last }) = nodes.pop() {
            // The key that ends here is the first of those that share the path.
            if keys.get(first as usize).len() == depth as usize {
                // An empty piece matches nowhere.
                if let Some(cell) = cell {
                    let id = keys.ids[first as usize];
                    let cell = &mut self.cells[cell as usize];
                    Cell::set(cell, id, Cell(*cell).byte());
                }
                if first == last {
                    continue;
                }
                first += 1;
            }
            children.clear();
            for key in first..=last {
                let byte = keys.get(key as usize)[depth as usize];
                match children.last_mut() {
                    Some(child) if child.0 == byte => child.2 = key,
                    _ => children.push((byte, key, key)),
                }
            }
            let base = self.place(&children);
            match cell {
                Some(cell) => Cell::set_node(&mut self.cells[cell as usize], base),
                None => root = base,
            }
            for &(byte, first, last) in children.iter().rev() {
                let cell = Some(base ^ u32::from(byte));
                nodes.push(Node { cell, depth: depth + 1, first, last });
            }
        }
        // In huge pages: a text jumps about in it.
        let mut cells = Zeroed::new(self.cells.len());
        if self.cells.is_empty() {
            cells[0] = FREE_CELL;
        } else {
            cells.copy_from_slice(&self.cells);
        }
        let scores = pieces.iter().map(|&(_, score)| score).collect();
        Trie { cells, root, scores, longest, long: HashMap::new() }
    }

    /// Finds a base for a node with these children and takes their cells.
    fn place(&mut self, children: &[(u8, u32, u32)]) -> u32 {
        let base = self.find(children).unwrap_or_else(|| {
            let start = self.cells.len() as u32;
            self.open_block();
            start
        });
        self.places[base as usize % RING].is_base = true;
        for &(byte, ..) in children {
            let at = base ^ u32::from(byte);
            self.take(at);
            Cell::set(&mut self.cells[at as usize], NO_PIECE, byte);
        }
        base
    }

    fn find(&self, children: &[(u8, u32, u32)]) -> Option<u32> {
        let first = u32::from(children[0].0);
        let mut at = self.free?;
        for _ in 0..TRIES {
            let base = at ^ first;
            if !self.places[base as usize % RING].is_base
                && children[1..]
                    .iter()
                    .all(|child| !self.places[(base ^ u32::from(child.0)) as usize % RING].taken)
            {
                return Some(base);
            }
            at = self.places[at as usize % RING].after;
            if Some(at) == self.free {
                break;
            }
        }
        None
    }

    /// Takes a cell out of the ring of free ones.
    fn take(&mut self, at: u32) {
        let Place { before, after, .. } = self.places[at as usize % RING];
        self.places[at as usize % RING].taken = true;
        self.places[before as usize % RING].after = after;
        self.places[after as usize % RING].before = before;
        if self.free == Some(at) {
            self.free = (after != at).then_some(after);
        }
    }

    /// Adds a block of free cells; the oldest open one is closed.
    fn open_block(&mut self) {
        let start = self.cells.len() as u32;
        if let Some(oldest) = (start as usize).checked_sub(RING) {
            for at in oldest..oldest + BLOCK {
                if !self.places[at % RING].taken {
                    self.take(at as u32);
                }
            }
        }
        self.cells.resize(self.cells.len() + BLOCK, FREE_CELL);
        let end = start + BLOCK as u32 - 1;
        for at in start..=end {
            self.places[at as usize % RING] =
                Place { before: at.wrapping_sub(1), after: at + 1, taken: false, is_base: false };
        }
        // The newest cells are tried last.
        let (head, tail) = match self.free {
            Some(head) => (head, self.places[head as usize % RING].before),
            None => (start, end),
        };
        self.places[start as usize % RING].before = tail;
        self.places[end as usize % RING].after = head;
        if self.free.is_some() {
            self.places[tail as usize % RING].after = start;
            self.places[head as usize % RING].before = end;
        } else {
            self.free = Some(start);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The pieces a text begins with.
    fn prefixes(trie: &Trie, text: &str) -> Vec<(usize, u32, f64)> {
        let mut found = Vec::new();
        let mut node = trie.root();
        for (at, byte) in text.bytes().enumerate() {
            let Some(cell) = trie.step(node, byte) else { break };
            if cell.id() != NO_PIECE {
                found.push((at + 1, cell.id(), trie.score(cell.id())));
            }
            node = cell.node();
        }
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn finds_the_prefixes_a_map_has(
            words in prop::collection::vec("[a-c\u{0}é日😀\u{7f}-\u{ff}]{0,6}", 0..600),
            texts in prop::collection::vec("[a-c\u{0}é日😀\u{7f}-\u{ff}]{0,12}", 1..20),
        ) {
            let pieces: Vec<(String, f64)> =
                words.iter().enumerate().map(|(id, word)| (word.clone(), id as f64 / -3.0)).collect();
            let map: HashMap<&str, u32> =
                pieces.iter().enumerate().map(|(id, (piece, _))| (piece.as_str(), id as u32)).collect();
            let trie = Trie::build(&pieces);
            for text in texts.iter().chain(&words) {
                let expected: Vec<_> = (1..=text.len())
                    .filter(|&end| text.is_char_boundary(end))
                    .filter_map(|end| map.get(&text[..end]).map(|&id| (end, id, f64::from(id) / -3.0)))
                    .collect();
                prop_assert_eq!(prefixes(&trie, text), expected, "{:?}", text);
            }
        }
    }

    #[test]
    fn many_pieces_close_blocks() {
        let pieces: Vec<(String, f64)> =
            (0..60_000_u32).map(|n| (format!("{:x}", n.wrapping_mul(2_654_435_761)), f64::from(n))).collect();
        let trie = Trie::build(&pieces);
        for (id, (piece, score)) in pieces.iter().enumerate() {
            assert_eq!(prefixes(&trie, piece).last(), Some(&(piece.len(), id as u32, *score)));
        }
    }

    #[test]
    fn no_pieces() {
        assert_eq!(prefixes(&Trie::build(&[]), "a\0"), []);
        assert_eq!(prefixes(&Trie::build(&[(String::new(), 1.0)]), "a\0"), []);
    }
}
