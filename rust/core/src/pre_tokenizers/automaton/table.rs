//! From a parsed pattern to the automaton's table.

use std::collections::HashMap;

use super::parse::{Node, Parsed};
use super::sets::Classes;

/// One step of the program that a pattern becomes.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// A character of the set, then on.
    Set {
        set: usize,
        next: usize,
    },
    /// Both, the first before the second.
    Split(usize, usize),
    /// On if the next character is of the set, or the text ends and it may.
    Ahead {
        set: usize,
        end: bool,
        next: usize,
    },
    Match,
}

/// More states, or steps, than any sensible pattern has.
const MOST: usize = 2000;

/// The table, and the offset of the row where attempts start; `None` if it would be too large.
pub fn build(parsed: &Parsed, classes: &Classes) -> Option<(Vec<u32>, usize)> {
    if classes.len() > 200 {
        return None;
    }
    let mut program = vec![Step::Match];
    let first = compile(&parsed.pattern, 0, &mut program)?;
    let width = classes.len();
    // Row 0: nothing is left.
    let mut rows: HashMap<Vec<usize>, usize> = HashMap::from([(Vec::new(), 0), (vec![first], 1)]);
    let mut waiting = vec![vec![first]];
    let mut table = vec![0; 2 * width];
    while let Some(state) = waiting.pop() {
        let row = rows[&state];
        for class in 0..width {
            let (next, is_match) = follow(&program, &state, class, classes);
            let to = rows.len();
            let to = *rows.entry(next).or_insert_with_key(|next| {
                waiting.push(next.clone());
                to
            });
            if to > MOST {
                return None;
            }
            table.resize(table.len().max((to + 1) * width), 0);
            table[row * width + class] = (to * width) as u32 * 2 + u32::from(is_match);
        }
    }
    Some((table, width))
}

/// Adds a node's steps, which lead to `next`; gives the first.
fn compile(node: &Node, next: usize, program: &mut Vec<Step>) -> Option<usize> {
    let add = |program: &mut Vec<Step>, step| {
        program.push(step);
        (program.len() <= MOST).then(|| program.len() - 1)
    };
    match node {
        Node::Set(set) => add(program, Step::Set { set: *set, next }),
        Node::Ahead { set, end } => add(program, Step::Ahead { set: *set, end: *end, next }),
        Node::Concat(nodes) => nodes.iter().rev().try_fold(next, |next, node| compile(node, next, program)),
        Node::Alternate(nodes) => {
            let mut nodes = nodes.iter().rev();
            let last = compile(nodes.next()?, next, program)?;
            nodes.try_fold(last, |rest, node| {
                let first = compile(node, next, program)?;
                add(program, Step::Split(first, rest))
            })
        }
        Node::Repeat { node, min, max } => {
            let mut first = next;
            match max {
                None => {
                    // The loop's own step is known only after its body.
                    let again = add(program, Step::Split(next, next))?;
                    let body = compile(node, again, program)?;
                    program[again] = Step::Split(body, next);
                    first = again;
                }
                Some(max) => {
                    for _ in *min..*max {
                        let body = compile(node, first, program)?;
                        first = add(program, Step::Split(body, next))?;
                    }
                }
            }
            (0..*min).try_fold(first, |next, _| compile(node, next, program))
        }
    }
}

/// The state after one more character of a class, and whether a match ends before it.
fn follow(program: &[Step], state: &[usize], class: usize, classes: &Classes) -> (Vec<usize>, bool) {
    let mut seen = vec![false; program.len()];
    let mut next_state = Vec::new();
    let mut left: Vec<usize> = state.iter().rev().copied().collect();
    while let Some(at) = left.pop() {
        if std::mem::replace(&mut seen[at], true) {
            continue;
        }
        match program[at] {
            Step::Set { set, next } => {
                if classes.is_in(class, set) && !next_state.contains(&next) {
                    next_state.push(next);
                }
            }
            Step::Split(first, second) => left.extend([second, first]),
            Step::Ahead { set, end, next } => {
                let ends = class == usize::from(classes.end());
                if if ends { end } else { classes.is_in(class, set) } {
                    left.push(next);
                }
            }
            // What comes after it would not have been tried.
            Step::Match => return (next_state, true),
        }
    }
    (next_state, false)
}
