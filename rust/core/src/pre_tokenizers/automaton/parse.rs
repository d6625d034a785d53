//! The patterns an automaton can stand for: alternatives of runs of character classes.
//!
//! Oniguruma's (Ruby's) syntax, a small part of it; whatever is not known to mean the same is
//! refused. Refused too is what could make a backtracking matcher give up (stock panics then):
//! an alternative has one unbounded repetition at most that something which can fail follows,
//! and one of more than a single character is the last thing of its alternative.

use super::sets::Set;

/// A pattern, in which sets are numbers.
#[derive(Debug)]
pub struct Parsed {
    pub pattern: Node,
    pub sets: Vec<Set>,
}

#[derive(Debug, Clone)]
pub enum Node {
    /// One character of the set.
    Set(usize),
    Concat(Vec<Node>),
    /// The first that leads to a match.
    Alternate(Vec<Node>),
    /// As many as possible.
    Repeat {
        node: Box<Node>,
        min: u32,
        max: Option<u32>,
    },
    /// The next character is of the set; `end`: or there is none.
    Ahead {
        set: usize,
        end: bool,
    },
}

impl Node {
    fn is_nullable(&self) -> bool {
        match self {
            Self::Set(_) => false,
            Self::Concat(nodes) => nodes.iter().all(Self::is_nullable),
            Self::Alternate(nodes) => nodes.iter().any(Self::is_nullable),
            Self::Repeat { node, min, .. } => *min == 0 || node.is_nullable(),
            Self::Ahead { .. } => true,
        }
    }

    fn is_bounded(&self) -> bool {
        match self {
            Self::Set(_) | Self::Ahead { .. } => true,
            Self::Concat(nodes) | Self::Alternate(nodes) => nodes.iter().all(Self::is_bounded),
            Self::Repeat { node, max, .. } => max.is_some() && node.is_bounded(),
        }
    }

    /// Whether matching it, or going on after it, can fail.
    fn can_fail(&self) -> bool {
        match self {
            Self::Set(_) | Self::Ahead { .. } => true,
            Self::Concat(nodes) => nodes.iter().any(Self::can_fail),
            Self::Alternate(nodes) => nodes.iter().all(Self::can_fail),
            Self::Repeat { node, min, .. } => *min > 0 && node.can_fail(),
        }
    }

    /// Whether a backtracking matcher is quick with it, as an alternative of the whole pattern.
    fn is_tame(&self) -> bool {
        let items = match self {
            Self::Alternate(nodes) => return nodes.iter().all(Self::is_tame),
            Self::Concat(items) => &items[..],
            item => std::slice::from_ref(item),
        };
        let mut open = 0;
        for (i, item) in items.iter().enumerate() {
            let Self::Repeat { node, max: None, .. } = item else {
                if item.is_bounded() {
                    continue;
                }
                return false;
            };
            let fails_later = items[i + 1..].iter().any(Self::can_fail);
            if !node.is_bounded() || fails_later && !matches!(**node, Self::Set(_)) {
                return false;
            }
            open += u32::from(fails_later);
        }
        open <= 1
    }
}

/// `None` for a pattern that is to be left to Oniguruma.
pub fn parse(pattern: &str) -> Option<Parsed> {
    // A run of line ends that none follows: greedy as it is, none can.
    let pattern = if pattern == r"(?:\r?\n)+(?!\r?\n)" { r"(?:\r?\n)+" } else { pattern };
    let mut parser = Parser { left: pattern, sets: Vec::new(), groups: 0, fold: false };
    let node = parser.alternatives()?;
    let known = parser.left.is_empty() && node.is_tame() && !node.is_nullable();
    known.then_some(Parsed { pattern: node, sets: parser.sets })
}

struct Parser<'a> {
    left: &'a str,
    sets: Vec<Set>,
    /// Capturing groups so far.
    groups: u32,
    /// Inside `(?i:...)`.
    fold: bool,
}

/// What one step of a pattern can be.
enum Escape {
    Char(char),
    Set(Set),
}

impl Parser<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.left.chars().next()?;
        self.left = &self.left[c.len_utf8()..];
        Some(c)
    }

    fn peek(&self) -> Option<char> {
        self.left.chars().next()
    }

    fn eat(&mut self, text: &str) -> bool {
        let rest = self.left.strip_prefix(text);
        self.left = rest.unwrap_or(self.left);
        rest.is_some()
    }

    fn set(&mut self, set: Set) -> Node {
        self.sets.push(set);
        Node::Set(self.sets.len() - 1)
    }

    fn alternatives(&mut self) -> Option<Node> {
        let mut nodes = vec![self.sequence()?];
        while self.eat("|") {
            nodes.push(self.sequence()?);
        }
        Some(if nodes.len() == 1 { nodes.remove(0) } else { Node::Alternate(nodes) })
    }

    fn sequence(&mut self) -> Option<Node> {
        let mut nodes = Vec::new();
        let mut before = None;
        while let Some(c) = self.peek() {
            if c == '|' || c == ')' {
                break;
            }
            // Under (?i:...): an apostrophe, then letters. Some pairs fold together with what is one
            // character elsewhere (`ß`, `ﬁ`, `ﬆ`).
            let known = match (before, c) {
                (None, '\'') => true,
                (None, _) | (Some('s' | 'f'), 's' | 't' | 'f' | 'i' | 'l') => false,
                (Some(_), c) => c.is_ascii_lowercase(),
            };
            if self.fold && !known {
                return None;
            }
            before = Some(c);
            let atom = self.atom()?;
            nodes.push(self.repeated(atom)?);
        }
        (!nodes.is_empty()).then(|| if nodes.len() == 1 { nodes.remove(0) } else { Node::Concat(nodes) })
    }

    fn atom(&mut self) -> Option<Node> {
        match self.next()? {
            '(' => self.group(),
            '[' => {
                let set = self.class()?;
                Some(self.set(set))
            }
            '\\' => {
                let set = match self.escape()? {
                    Escape::Set(set) => set,
                    Escape::Char(c) if c.is_ascii_control() || r".|()[]{}*+?\/-$^".contains(c) => Set::one(c),
                    Escape::Char(_) => return None,
                };
                Some(self.set(set))
            }
            // Every newline ends a line.
            '$' => {
                self.sets.push(Set::one('\n'));
                Some(Node::Ahead { set: self.sets.len() - 1, end: true })
            }
            '.' => Some(self.set(Set::Not(Box::new(Set::one('\n'))))),
            '*' | '+' | '?' | '{' | '}' | ']' | '^' => None,
            c if self.fold => {
                let mut forms = vec![Set::one(c), Set::one(c.to_ascii_uppercase())];
                match c {
                    's' => forms.push(Set::one('\u{17F}')),
                    'k' => forms.push(Set::one('\u{212A}')),
                    _ => {}
                }
                Some(self.set(Set::Union(forms)))
            }
            c => Some(self.set(Set::one(c))),
        }
    }

    /// After `(`.
    fn group(&mut self) -> Option<Node> {
        if self.eat("?!") {
            return self.ahead(true);
        }
        if self.eat("?=") {
            return self.ahead(false);
        }
        let fold = self.eat("?i:");
        let captures = !fold && !self.eat("?:");
        if captures {
            if self.left.starts_with('?') {
                return None;
            }
            self.groups += 1;
        }
        self.fold |= fold;
        let node = self.alternatives()?;
        self.fold &= !fold;
        if !self.eat(")") {
            return None;
        }
        if captures && self.groups == 1 && self.eat(r"\1*") {
            return self.runs_of_one(&node);
        }
        Some(node)
    }

    /// `([...])\1*`, a run of one character of a set: an alternative for each.
    fn runs_of_one(&mut self, node: &Node) -> Option<Node> {
        let Node::Set(set) = *node else { return None };
        let chars = self.sets[set].ascii()?;
        let runs = chars.into_iter().map(|c| {
            let node = Box::new(self.set(Set::one(c)));
            Node::Repeat { node, min: 1, max: None }
        });
        Some(Node::Alternate(runs.collect()))
    }

    /// One character after `(?!` or `(?=`.
    fn ahead(&mut self, negative: bool) -> Option<Node> {
        let Node::Set(set) = self.alternatives()? else { return None };
        if !self.eat(")") {
            return None;
        }
        if negative {
            self.sets.push(Set::Not(Box::new(self.sets[set].clone())));
            return Some(Node::Ahead { set: self.sets.len() - 1, end: true });
        }
        Some(Node::Ahead { set, end: false })
    }

    fn repeated(&mut self, atom: Node) -> Option<Node> {
        let (min, max) = match self.peek() {
            Some('?') => (0, Some(1)),
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('{') => {
                let end = self.left.find('}')?;
                let (min, max) = match self.left[1..end].split_once(',') {
                    None => (&self.left[1..end], Some(&self.left[1..end])),
                    Some((min, "")) => (min, None),
                    Some((min, max)) => (min, Some(max)),
                };
                let number = |text: &str| {
                    let digits = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
                    digits.then(|| text.parse::<u32>().ok()).flatten()
                };
                let (min, max) = (number(min)?, max.map(number));
                if max.is_some_and(|max| max.is_none_or(|max| max < min.max(1))) {
                    return None;
                }
                self.left = &self.left[end..];
                (min, max.flatten())
            }
            _ => return Some(atom),
        };
        self.next();
        let looks = matches!(atom, Node::Ahead { .. });
        // Lazy, possessive, or repeated again.
        if looks || atom.is_nullable() || matches!(self.peek(), Some('?' | '+' | '*' | '{')) {
            return None;
        }
        Some(Node::Repeat { node: Box::new(atom), min, max })
    }

    /// After a backslash.
    fn escape(&mut self) -> Option<Escape> {
        Some(match self.next()? {
            'n' => Escape::Char('\n'),
            'r' => Escape::Char('\r'),
            't' => Escape::Char('\t'),
            's' => Escape::Set(Set::white_space()),
            'S' => Escape::Set(Set::Not(Box::new(Set::white_space()))),
            'd' => Escape::Set(Set::property("Nd")?),
            'p' => {
                let end = self.left.find('}')?;
                let name = self.left[..end].strip_prefix('{')?;
                self.left = &self.left[end + 1..];
                Escape::Set(Set::property(name)?)
            }
            c if c.is_ascii_punctuation() => Escape::Char(c),
            _ => return None,
        })
    }

    /// After `[`.
    fn class(&mut self) -> Option<Set> {
        let negated = self.eat("^");
        let (mut both, mut members) = (None, Vec::new());
        // A `]` or `-` with nothing before it, and `[:...:]`, have rules of their own.
        if self.left.starts_with([']', '-', ':']) {
            return None;
        }
        loop {
            if self.eat("&&") {
                if members.is_empty() {
                    return None;
                }
                let left = Set::Union(std::mem::take(&mut members));
                both = Some(join(both, left));
                continue;
            }
            let first = match self.next()? {
                ']' => break,
                '[' => {
                    members.push(self.class()?);
                    continue;
                }
                '\\' => match self.escape()? {
                    Escape::Char(c) => c,
                    Escape::Set(set) => {
                        members.push(set);
                        // No range starts with a set.
                        if self.left.starts_with('-') {
                            return None;
                        }
                        continue;
                    }
                },
                '-' => return None,
                c => c,
            };
            let mut last = first;
            if self.left.starts_with('-') && !self.left.starts_with("-]") {
                self.next();
                last = match self.next()? {
                    '\\' => match self.escape()? {
                        Escape::Char(c) => c,
                        Escape::Set(_) => return None,
                    },
                    '[' | ']' | '-' | '&' => return None,
                    c => c,
                };
                if last < first {
                    return None;
                }
            } else if self.eat("-") {
                // Before the end it stands for itself.
                members.push(Set::one('-'));
            }
            members.push(Set::Range(u32::from(first), u32::from(last)));
        }
        if members.is_empty() {
            return None;
        }
        let set = join(both, Set::Union(members));
        Some(if negated { Set::Not(Box::new(set)) } else { set })
    }
}

fn join(left: Option<Set>, right: Set) -> Set {
    match left {
        Some(left) => Set::Both(Box::new(left), Box::new(right)),
        None => right,
    }
}
