//! LinMaxMatch: all of a word's tokens in one pass over its bytes.
//!
//! Idea: walk a trie of the tokens. Where no child goes on, the tokens that greedy matching would
//! take from what was walked so far are known beforehand, and so is the node of what then remains
//! as the start of the next token: both are kept with the node. Each byte is read once, so a word
//! of n bytes takes O(n) steps, however much greedy matching would have to go back.
//! Source: Song et al., "Fast WordPiece Tokenization", EMNLP 2021.
//!
//! Apart from the paper there are two roots: the first token of a word is looked up as it is
//! written, the others with the prefix before them. So a word that itself starts with the prefix,
//! an empty prefix, or a token that is the prefix alone need no special case.

use memchr::memchr;

use crate::vocabulary::Vocabulary;

/// Where a word begins.
const FIRST: u32 = 0;
/// Where a continuing token begins, its prefix taken as read.
const NEXT: u32 = 1;
const NONE: u32 = u32::MAX;
const MOST_GIVEN_UP: usize = 1 << 18;

#[derive(Debug)]
pub(super) struct Trie {
    /// Breadth first, so that a node's children lie side by side.
    nodes: Vec<Node>,
    /// The byte that leads to each node.
    labels: Vec<u8>,
    /// The two roots' children by byte.
    roots: Box<[[u32; 256]; 2]>,
    /// The tokens that a node gives up when it fails.
    given_up: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    first_child: u32,
    children: u32,
    /// The node to go on from when no child fits; `NONE` if the word has no tokens then.
    fail: u32,
    /// Where its tokens are in `given_up`.
    tokens: (u32, u32),
}

impl Node {
    const NEW: Self = Self { first_child: 0, children: 0, fail: NONE, tokens: (0, 0) };
}

/// One way a token can be matched: from which root, by which text.
struct Key<'a> {
    root: u32,
    id: u32,
    /// The text's first eight bytes: sorting and cutting rarely look at more.
    head: u64,
    text: &'a [u8],
}

impl<'a> Key<'a> {
    fn new(root: u32, text: &'a str, id: u32) -> Self {
        let text = text.as_bytes();
        let mut head = [0; 8];
        let len = text.len().min(8);
        head[..len].copy_from_slice(&text[..len]);
        Self { root, id, head: u64::from_be_bytes(head), text }
    }

    #[inline]
    fn byte(&self, depth: usize) -> u8 {
        if depth < 8 { (self.head >> (56 - 8 * depth)) as u8 } else { self.text[depth] }
    }
}

impl Trie {
    /// `None` if what the nodes give up would take far more room than they do themselves, as it
    /// can for tokens of thousands of characters.
    pub fn new(vocabulary: &Vocabulary, prefix: &str) -> Option<Self> {
        let mut keys: Vec<Key<'_>> = Vec::with_capacity(vocabulary.len() * 2);
        for (id, token) in vocabulary.iter() {
            keys.push(Key::new(FIRST, token, id));
            if let Some(rest) = token.strip_prefix(prefix) {
                keys.push(Key::new(NEXT, rest, id));
            }
        }
        keys.retain(|key| !key.text.is_empty());
        keys.sort_unstable_by_key(|key| (key.root, key.head, key.text));
        let mut trie = Self {
            nodes: vec![Node::NEW; 2],
            labels: vec![0; 2],
            roots: Box::new([[NONE; 256]; 2]),
            given_up: Vec::new(),
        };
        // By node: the keys that share its text (a range, as they are sorted), its parent, and
        // how many bytes it is from its root.
        let seconds = keys.partition_point(|key| key.root == FIRST);
        let mut ranges = vec![(0, seconds, NONE, 0), (seconds, keys.len(), NONE, 0)];
        let mut place = 0;
        while let Some(&(mut at, end, parent, depth)) = ranges.get(place) {
            let token = keys.get(at).filter(|key| at < end && key.text.len() == depth).map(|key| key.id);
            at += usize::from(token.is_some());
            let first_child = trie.nodes.len() as u32;
            while at < end {
                let label = keys[at].byte(depth);
                let rest = &keys[at..end];
                let same = match rest.last() {
                    Some(last) if last.byte(depth) == label => rest.len(),
                    _ => rest.partition_point(|key| key.byte(depth) == label),
                };
                if let Some(root) = trie.roots.get_mut(place) {
                    root[label as usize] = trie.nodes.len() as u32;
                }
                trie.nodes.push(Node::NEW);
                trie.labels.push(label);
                ranges.push((at, at + same, place as u32, depth + 1));
                at += same;
            }
            trie.nodes[place].first_child = first_child;
            trie.nodes[place].children = trie.nodes.len() as u32 - first_child;
            if parent != NONE {
                trie.link(place, parent, token);
            }
            place += 1;
            if trie.given_up.len() > MOST_GIVEN_UP + 16 * place {
                return None;
            }
        }
        Some(trie)
    }

    /// Finds what a node gives up when it fails, and where it goes on. All nodes nearer to their
    /// root are linked already.
    fn link(&mut self, place: usize, parent: u32, token: Option<u32>) {
        let start = self.given_up.len();
        let fail = match token {
            Some(id) => {
                self.given_up.push(id);
                NEXT
            }
            None => {
                // What the parent gives up, then what is given up until this node's byte fits.
                let parent = self.nodes[parent as usize];
                self.copy_tokens(parent);
                let mut from = parent.fail;
                loop {
                    if from == NONE {
                        break NONE;
                    }
                    let child = self.child(from, self.labels[place]);
                    if child != NONE {
                        break child;
                    }
                    let node = self.nodes[from as usize];
                    self.copy_tokens(node);
                    from = node.fail;
                }
            }
        };
        if fail == NONE {
            self.given_up.truncate(start);
        }
        self.nodes[place].fail = fail;
        self.nodes[place].tokens = (start as u32, self.given_up.len() as u32);
    }

    fn copy_tokens(&mut self, node: Node) {
        let (start, end) = node.tokens;
        self.given_up.extend_from_within(start as usize..end as usize);
    }

    #[inline]
    fn child(&self, place: u32, byte: u8) -> u32 {
        if let Some(root) = self.roots.get(place as usize) {
            return root[byte as usize];
        }
        let node = self.nodes[place as usize];
        let first = node.first_child as usize;
        let labels = &self.labels[first..first + node.children as usize];
        let child = if labels.len() <= 8 {
            labels.iter().position(|&label| label == byte)
        } else {
            memchr(byte, labels)
        };
        child.map_or(NONE, |child| (first + child) as u32)
    }

    /// Appends a word's tokens; `false` if some of it is no token (what was appended is then to be
    /// dropped).
    pub fn tokens(&self, word: &[u8], ids: &mut Vec<u32>) -> bool {
        let mut place = FIRST;
        for &byte in word {
            loop {
                let child = self.child(place, byte);
                if child != NONE {
                    place = child;
                    break;
                }
                if !self.give_up(&mut place, ids) {
                    return false;
                }
            }
        }
        while place != NEXT && !word.is_empty() {
            if !self.give_up(&mut place, ids) {
                return false;
            }
        }
        true
    }

    #[inline]
    fn give_up(&self, place: &mut u32, ids: &mut Vec<u32>) -> bool {
        let node = self.nodes[*place as usize];
        if node.fail == NONE {
            return false;
        }
        let (start, end) = node.tokens;
        ids.extend_from_slice(&self.given_up[start as usize..end as usize]);
        *place = node.fail;
        true
    }
}
