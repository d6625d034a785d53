//! A byte trie over the patterns: the longest pattern that starts at a place.

const NONE: u32 = u32::MAX;

/// Nodes in breadth-first order, so that a node's children lie side by side.
#[derive(Debug)]
pub(super) struct Trie {
    /// The root's children by byte.
    root: Box<[u32; 256]>,
    nodes: Vec<Node>,
    /// The byte that leads to each node.
    labels: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    first_child: u32,
    children: u32,
    /// The pattern that ends here.
    pattern: u32,
}

/// What was found at a place, and how many bytes were looked at.
pub(super) struct Longest {
    /// The pattern and its end.
    pub found: Option<(u32, usize)>,
    pub steps: usize,
}

impl Trie {
    /// `patterns` are different, not empty and sorted by their bytes.
    pub fn new(patterns: &[&[u8]]) -> Self {
        let mut trie = Self { root: Box::new([NONE; 256]), nodes: Vec::new(), labels: Vec::new() };
        // The patterns that share each node's prefix: a range, as they are sorted.
        let mut ranges: Vec<(usize, usize, usize)> = Vec::new();
        trie.add_children(patterns, 0, patterns.len(), 0, &mut ranges);
        for (place, &label) in trie.labels.iter().enumerate() {
            trie.root[label as usize] = place as u32;
        }
        let mut next = 0;
        while let Some(&(start, end, depth)) = ranges.get(next) {
            let ends_here = patterns[start].len() == depth;
            let first_child = trie.nodes.len() as u32;
            trie.add_children(patterns, start + usize::from(ends_here), end, depth, &mut ranges);
            trie.nodes[next] = Node {
                first_child,
                children: trie.nodes.len() as u32 - first_child,
                pattern: if ends_here { start as u32 } else { NONE },
            };
            next += 1;
        }
        trie
    }

    fn add_children(
        &mut self,
        patterns: &[&[u8]],
        start: usize,
        end: usize,
        depth: usize,
        ranges: &mut Vec<(usize, usize, usize)>,
    ) {
        let mut at = start;
        while at < end {
            let label = patterns[at][depth];
            let same = patterns[at..end].partition_point(|pattern| pattern[depth] == label);
            self.nodes.push(Node { first_child: 0, children: 0, pattern: NONE });
            self.labels.push(label);
            ranges.push((at, at + same, depth + 1));
            at += same;
        }
    }

    /// The longest pattern that `text` starts with at `start`.
    #[inline]
    pub fn longest(&self, text: &[u8], start: usize) -> Longest {
        let mut longest = Longest { found: None, steps: 1 };
        let mut place = self.root[text[start] as usize];
        let mut end = start + 1;
        while place != NONE {
            let node = self.nodes[place as usize];
            if node.pattern != NONE {
                longest.found = Some((node.pattern, end));
            }
            let Some(&byte) = text.get(end) else { break };
            let first = node.first_child as usize;
            let labels = &self.labels[first..first + node.children as usize];
            // Chains and digits: few children; a wide node is the exception.
            let child = if labels.len() <= 16 {
                labels.iter().position(|&label| label == byte)
            } else {
                labels.binary_search(&byte).ok()
            };
            place = child.map_or(NONE, |child| (first + child) as u32);
            end += 1;
        }
        longest.steps = end - start;
        longest
    }
}
