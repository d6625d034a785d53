//! `Encoding` against stock's: random encodings, random operations, every field and query.

use std::panic::{AssertUnwindSafe, catch_unwind};

use budtiktok::ErrorKind;
use budtiktok::config::Direction;
use budtiktok::encoding::Encoding;
use proptest::prelude::*;
use serde_json::{Value, json};

mod support;

use support::{Stock, light, ours, state, stock, strip, value};

#[derive(Debug, Clone)]
enum Operation {
    SetSequenceId(usize),
    SetTypeIds(u32),
    Truncate(usize, usize, Direction),
    Pad(usize, Direction),
    MergeWith(Value, bool),
    Merge(Vec<Value>, bool),
}

fn direction() -> impl Strategy<Value = Direction> {
    prop::sample::select(vec![Direction::Left, Direction::Right])
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        1 => (0usize..3).prop_map(Operation::SetSequenceId),
        1 => (0u32..3).prop_map(Operation::SetTypeIds),
        3 => (0usize..9, 0usize..5, direction()).prop_map(|(m, s, d)| Operation::Truncate(m, s, d)),
        1 => (0usize..14, direction()).prop_map(|(n, d)| Operation::Pad(n, d)),
        2 => (state(1), any::<bool>()).prop_map(|(s, g)| Operation::MergeWith(s, g)),
        1 => (prop::collection::vec(state(1), 0..3), any::<bool>()).prop_map(|(s, g)| Operation::Merge(s, g)),
    ]
}

/// Applies to ours; `Err` where stock would panic.
fn apply(
    encoding: &mut Encoding,
    operation: &Operation,
    with: fn(&Value) -> Encoding,
) -> budtiktok::Result<()> {
    match operation {
        Operation::SetSequenceId(id) => encoding.set_sequence_id(*id),
        Operation::SetTypeIds(id) => encoding.set_type_ids(*id),
        Operation::Truncate(len, stride, direction) => encoding.truncate(*len, *stride, *direction)?,
        Operation::Pad(len, direction) => encoding.pad(*len, 99, 7, "[PAD]", *direction)?,
        Operation::MergeWith(other, growing) => encoding.merge_with(with(other), *growing),
        Operation::Merge(others, growing) => {
            let first = std::mem::take(encoding);
            *encoding = Encoding::merge(std::iter::once(first).chain(others.iter().map(with)), *growing);
        }
    }
    Ok(())
}

fn apply_stock(encoding: &mut Stock, operation: &Operation) {
    use tokenizers::{PaddingDirection, TruncationDirection};
    match operation {
        Operation::SetSequenceId(id) => encoding.set_sequence_id(*id),
        Operation::SetTypeIds(id) => encoding.set_type_ids(vec![*id; encoding.len()]),
        Operation::Truncate(len, stride, direction) => encoding.truncate(
            *len,
            *stride,
            match direction {
                Direction::Left => TruncationDirection::Left,
                Direction::Right => TruncationDirection::Right,
            },
        ),
        Operation::Pad(len, direction) => encoding.pad(
            *len,
            99,
            7,
            "[PAD]",
            match direction {
                Direction::Left => PaddingDirection::Left,
                Direction::Right => PaddingDirection::Right,
            },
        ),
        Operation::MergeWith(other, growing) => encoding.merge_with(stock(other), *growing),
        Operation::Merge(others, growing) => {
            let first = std::mem::take(encoding);
            *encoding = Stock::merge(std::iter::once(first).chain(others.iter().map(stock)), *growing);
        }
    }
}

fn overlapping(encoding: &Encoding, token: usize) -> bool {
    encoding.sequence_ranges.iter().filter(|(_, range)| range.contains(&token)).count() > 1
}

fn same_answers(ours: &Encoding, stock: &Stock) -> Result<(), TestCaseError> {
    prop_assert_eq!(ours.len(), stock.len());
    prop_assert_eq!(ours.n_sequences(), stock.n_sequences());
    prop_assert_eq!(ours.sequence_ids(), stock.get_sequence_ids());
    for token in 0..ours.len() + 2 {
        if overlapping(ours, token) {
            // Stock answers with whichever its hash map yields first.
            continue;
        }
        prop_assert_eq!(ours.token_to_sequence(token), stock.token_to_sequence(token));
        prop_assert_eq!(ours.token_to_chars(token), stock.token_to_chars(token));
        prop_assert_eq!(ours.token_to_word(token), stock.token_to_word(token));
    }
    for sequence in 0..4 {
        for at in 0..10 {
            prop_assert_eq!(ours.char_to_token(at, sequence), stock.char_to_token(at, sequence));
            if !ours.char_to_token(at, sequence).is_some_and(|token| overlapping(ours, token)) {
                prop_assert_eq!(ours.char_to_word(at, sequence), stock.char_to_word(at, sequence));
            }
            let word = at as u32;
            prop_assert_eq!(ours.word_to_tokens(word, sequence), stock.word_to_tokens(word, sequence));
            prop_assert_eq!(ours.word_to_chars(word, sequence), stock.word_to_chars(word, sequence));
        }
    }
    for (ours, stock) in ours.overflowing.iter().zip(stock.get_overflowing()) {
        same_answers(ours, stock)?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(support::cases(2000))]

    #[test]
    fn operations_equal_stock(start in state(2), operations in prop::collection::vec(operation(), 1..5)) {
        let mut full = ours(&start);
        let mut ids = strip(full.clone());
        let mut theirs = stock(&start);
        for operation in &operations {
            if full.overflowing.len() > 200 {
                break;
            }
            let result = apply(&mut full, operation, ours);
            let ids_result = apply(&mut ids, operation, |state| strip(ours(state)));
            prop_assert_eq!(&result, &ids_result);
            let panicked = catch_unwind(AssertUnwindSafe(|| apply_stock(&mut theirs, operation))).is_err();
            prop_assert_eq!(panicked, result.is_err());
            if let Err(error) = result {
                prop_assert_eq!(error.kind(), &ErrorKind::WouldPanic);
            }
            let expected = serde_json::to_value(&theirs).unwrap();
            prop_assert_eq!(&value(&full), &expected);
            prop_assert_eq!(value(&ids), light(&expected));
            same_answers(&full, &theirs)?;
        }
    }

    #[test]
    fn state_comes_back(state in state(2)) {
        let encoding = ours(&state);
        prop_assert_eq!(&value(&encoding), &state);
        let json = encoding.to_json().unwrap();
        prop_assert_eq!(serde_json::to_value(serde_json::from_str::<Stock>(&json).unwrap()).unwrap(), state);
    }
}

#[test]
fn state_is_spelled_as_stocks() {
    let state = r#"{"ids":[7,8],"type_ids":[0,1],"tokens":["é\"","\u0000"],"words":[null,3],"offsets":[[0,0],[1,4]],"special_tokens_mask":[1,0],"attention_mask":[1,1],"overflowing":[],"sequence_ranges":{"0":{"start":1,"end":2}}}"#;
    let encoding = Encoding::from_json(state.as_bytes()).unwrap();
    assert_eq!(encoding.to_json().unwrap(), state);
    assert_eq!(serde_json::to_string(&serde_json::from_str::<Stock>(state).unwrap()).unwrap(), state);
}

#[test]
fn states_that_do_not_fit() {
    let mut state = value(&Encoding::from_ids(vec![1, 2], 0));
    let error = Encoding::from_json(state.to_string().as_bytes()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unsupported { part: "encoding", .. }));
    state["ids"] = json!("x");
    let error = Encoding::from_json(state.to_string().as_bytes()).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Stock);
    assert!(Encoding::from_ids(vec![1], 0).to_json().is_err());
}

#[test]
fn padding_that_no_memory_holds() {
    let mut encoding = Encoding::from_ids(vec![1, 2], 0);
    let error = encoding.pad(usize::MAX, 0, 0, "", Direction::Right).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::WouldPanic);
    assert_eq!(encoding.ids, [1, 2]);
}

#[test]
fn tokens_of_two_vocabularies() {
    use budtiktok::encoding::{Detail, TokenText};
    use budtiktok::vocabulary::Vocabulary;
    use std::sync::Arc;

    let encoding = |words: [(&str, u32); 2]| {
        let detail = Detail {
            tokens: vec![TokenText::Vocabulary(1), TokenText::Text(Arc::from("x")), TokenText::Vocabulary(0)],
            words: vec![None; 3],
            offsets: vec![(0, 0); 3],
            vocabulary: Some(Arc::new(Vocabulary::from_pairs(words))),
        };
        Encoding::from_columns(vec![1, 5, 0], detail, 0)
    };
    let mut both = encoding([("a", 0), ("b", 1)]);
    both.merge_with(encoding([("c", 0), ("d", 1)]), false);
    assert_eq!(both.tokens().unwrap().collect::<Vec<_>>(), ["b", "x", "a", "d", "x", "c"]);
    let mut pad = Encoding::from_specials(&budtiktok::encoding::Specials::default(), true);
    pad.merge_with(encoding([("a", 0), ("b", 1)]), false);
    assert_eq!(pad.tokens().unwrap().collect::<Vec<_>>(), ["b", "x", "a"]);
}
