//! LinMaxMatch: longest match first in one walk over the word, without going back.
//!
//! Two tries, of what a word can begin with and of what it can go on with. Where the walk finds no
//! edge, a failure link says which node of the second trie the unmatched rest leads to, and which
//! tokens are certain by then (failure pops), both computed when the trie is built. O(bytes) a
//! word, where longest-match-first with look-ups is quadratic.
//!
//! Song, Salcianu, Song, Dopson, Zhou: "Fast WordPiece Tokenization", EMNLP 2021,
//! <https://arxiv.org/abs/2012.15524>. Here it works on bytes: tokens end at character
//! boundaries, so a match in the middle of a character is never a token's end.

use std::collections::VecDeque;

use crate::vocabulary::Vocabulary;

/// Where a word begins.
const FIRST: u32 = 0;
/// Where it goes on.
const REST: u32 = 1;
const NONE: u32 = u32::MAX;

/// Both tries in one table of nodes.
#[derive(Debug)]
pub struct Trie {
    /// Open addressing: (node << 8 | byte, child); the mask is the length less one.
    edges: Vec<(u32, u32)>,
    /// By node: where its failure leads (`NONE`: nowhere) and which pops come before.
    failures: Vec<Failure>,
    pops: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Failure {
    node: u32,
    pops_start: u32,
    pops_end: u32,
}

const DEAD: Failure = Failure { node: NONE, pops_start: 0, pops_end: 0 };

/// A node while the trie is built.
#[derive(Debug, Default)]
struct Node {
    children: Vec<(u8, u32)>,
    token: Option<u32>,
}

impl Trie {
    pub fn build(vocabulary: &Vocabulary, prefix: &str) -> Self {
        let mut nodes = vec![Node::default(), Node::default()];
        for (id, token) in vocabulary.iter() {
            insert(&mut nodes, FIRST, token.as_bytes(), id);
            if let Some(rest) = token.strip_prefix(prefix) {
                insert(&mut nodes, REST, rest.as_bytes(), id);
            }
        }
        // An empty token matches nowhere: a match has at least a character.
        nodes[FIRST as usize].token = None;
        nodes[REST as usize].token = None;

        let count: usize = nodes.iter().map(|node| node.children.len()).sum();
        let mut edges = vec![(NONE, NONE); (count * 2).next_power_of_two().max(2)];
        for (parent, node) in nodes.iter().enumerate() {
            for &(byte, child) in &node.children {
                let key = (parent as u32) << 8 | u32::from(byte);
                let mut slot = slot(key, edges.len());
                while edges[slot].0 != NONE {
                    slot = (slot + 1) & (edges.len() - 1);
                }
                edges[slot] = (key, child);
            }
        }
        let mut trie = Self { edges, failures: vec![DEAD; nodes.len()], pops: Vec::new() };
        trie.link(&nodes);
        trie
    }

    /// Failure links and pops, parents before children (algorithm 2 of the paper).
    fn link(&mut self, nodes: &[Node]) {
        let mut queue = VecDeque::from([FIRST, REST]);
        while let Some(parent) = queue.pop_front() {
            for &(byte, child) in &nodes[parent as usize].children {
                queue.push_back(child);
                let start = self.pops.len();
                let node = if let Some(token) = nodes[child as usize].token {
                    self.pops.push(token);
                    REST
                } else {
                    self.extend_pops(parent);
                    let mut via = self.failures[parent as usize].node;
                    loop {
                        if via == NONE {
                            break NONE;
                        }
                        if let Some(next) = self.step(via, byte) {
                            break next;
                        }
                        self.extend_pops(via);
                        via = self.failures[via as usize].node;
                    }
                };
                if node == NONE {
                    self.pops.truncate(start);
                }
                self.failures[child as usize] =
                    Failure { node, pops_start: start as u32, pops_end: self.pops.len() as u32 };
            }
        }
    }

    fn extend_pops(&mut self, node: u32) {
        let Failure { pops_start, pops_end, .. } = self.failures[node as usize];
        self.pops.extend_from_within(pops_start as usize..pops_end as usize);
    }

    #[inline]
    fn step(&self, node: u32, byte: u8) -> Option<u32> {
        let key = node << 8 | u32::from(byte);
        let mask = self.edges.len() - 1;
        let mut slot = slot(key, self.edges.len());
        loop {
            match self.edges[slot] {
                (found, child) if found == key => return Some(child),
                (NONE, _) => return None,
                _ => slot = (slot + 1) & mask,
            }
        }
    }

    /// Appends the word's tokens; false if some place has no match (what was appended is void).
    pub fn cut(&self, word: &[u8], ids: &mut Vec<u32>) -> bool {
        let mut node = FIRST;
        for &byte in word {
            loop {
                if let Some(next) = self.step(node, byte) {
                    node = next;
                    break;
                }
                if !self.fail(&mut node, ids) {
                    return false;
                }
            }
        }
        while node != REST {
            if !self.fail(&mut node, ids) {
                return false;
            }
        }
        true
    }

    /// Takes the failure link, with its pops.
    #[inline]
    fn fail(&self, node: &mut u32, ids: &mut Vec<u32>) -> bool {
        let failure = self.failures[*node as usize];
        if failure.node == NONE {
            return false;
        }
        ids.extend_from_slice(&self.pops[failure.pops_start as usize..failure.pops_end as usize]);
        *node = failure.node;
        true
    }
}

/// Nodes are far below 2^24 (a vocabulary's bytes), so a key is never `NONE`.
fn slot(key: u32, len: usize) -> usize {
    (u64::from(key).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize & (len - 1)
}

fn insert(nodes: &mut Vec<Node>, root: u32, token: &[u8], id: u32) {
    let mut node = root;
    for &byte in token {
        let found = nodes[node as usize].children.iter().find(|(b, _)| *b == byte).map(|(_, child)| *child);
        node = found.unwrap_or_else(|| {
            let child = nodes.len() as u32;
            nodes.push(Node::default());
            nodes[node as usize].children.push((byte, child));
            child
        });
    }
    nodes[node as usize].token = Some(id);
}
