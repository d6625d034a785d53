//! `NormalizedText` against stock's `NormalizedString`: transformations, slices, rewritten pieces.

use super::NormalizedText;
use crate::pieces::{Pieces, Span};
use crate::unicode::Form;
use proptest::prelude::*;
use tokenizers::NormalizedString;
use tokenizers::normalizer::Range;

type Ranges = Vec<(usize, usize)>;

/// Text, where its original starts, and the range of each byte in the whole input.
fn stock_view(string: &NormalizedString) -> (String, usize, Ranges) {
    let (shift, _) = string.offsets_original();
    let ranges = (0..string.get().len())
        .filter_map(|i| string.convert_offsets(Range::Normalized(i..i + 1)))
        .map(|range| (shift + range.start, shift + range.end))
        .collect();
    (string.get().to_owned(), shift, ranges)
}

fn our_view(text: &NormalizedText<'_>) -> (String, usize, Ranges) {
    let len = text.get().len();
    let ranges = (0..len).map(|i| text.original_range_of_bytes(i, i + 1)).collect();
    (text.get().to_owned(), text.shift(), ranges)
}

#[derive(Debug, Clone)]
enum Step {
    Filter(char),
    Map(char),
    Prepend(String),
    Append(String),
    Lowercase,
    Uppercase,
    Form(usize),
    Strip(bool, bool),
    Clear,
}

const FORMS: [Form; 4] = [Form::Nfc, Form::Nfd, Form::Nfkc, Form::Nfkd];

fn our_step(step: &Step, ours: &mut NormalizedText<'_>) -> crate::Result<()> {
    match step {
        Step::Filter(gone) => ours.filter(|c| c != *gone),
        Step::Map(old) => ours.map(|c| if c == *old { '中' } else { c }),
        Step::Prepend(text) => ours.prepend(text),
        Step::Append(text) => ours.append(text),
        Step::Lowercase => ours.lowercase(),
        Step::Uppercase => ours.uppercase(),
        Step::Form(i) => ours.normal_form(FORMS[*i]),
        Step::Strip(left, right) => ours.strip(*left, *right),
        Step::Clear => ours.clear().map(drop),
    }
}

/// Both sides of a step; false if stock panics (then ours has to refuse).
fn step(step: &Step, ours: &mut NormalizedText<'_>, stock: &mut NormalizedString) -> bool {
    let run = |stock: &mut NormalizedString| match step {
        Step::Filter(gone) => drop(stock.filter(|c| c != *gone)),
        Step::Map(old) => drop(stock.map(|c| if c == *old { '中' } else { c })),
        Step::Prepend(text) => drop(stock.prepend(text)),
        Step::Append(text) => drop(stock.append(text)),
        Step::Lowercase => drop(stock.lowercase()),
        Step::Uppercase => drop(stock.uppercase()),
        Step::Form(0) => drop(stock.nfc()),
        Step::Form(1) => drop(stock.nfd()),
        Step::Form(2) => drop(stock.nfkc()),
        Step::Form(_) => drop(stock.nfkd()),
        Step::Strip(true, true) => drop(stock.strip()),
        Step::Strip(true, false) => drop(stock.lstrip()),
        Step::Strip(false, true) => drop(stock.rstrip()),
        Step::Strip(false, false) => {}
        Step::Clear => drop(stock.clear()),
    };
    let fine = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(stock))).is_ok();
    let outcome = our_step(step, ours);
    assert_eq!(outcome.is_ok(), fine);
    fine
}

fn any_text() -> impl Strategy<Value = String> {
    let characters: Vec<char> =
        "ab XÉéßİ \t\u{301}\u{316}\u{ad}中가ﬁ①\u{f73}\u{345}▁\u{1d15e}é🇦".chars().collect();
    prop::collection::vec(prop::sample::select(characters), 0..14)
        .prop_map(|characters| characters.into_iter().collect())
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        prop::sample::select(vec!['a', ' ', '\u{301}', '中']).prop_map(Step::Filter),
        prop::sample::select(vec!['b', ' ', 'é']).prop_map(Step::Map),
        prop::sample::select(vec!["", "▁", "xé"]).prop_map(|text| Step::Prepend(text.into())),
        prop::sample::select(vec!["", "▁", "xé"]).prop_map(|text| Step::Append(text.into())),
        Just(Step::Lowercase),
        Just(Step::Uppercase),
        (0..4usize).prop_map(Step::Form),
        any::<(bool, bool)>().prop_map(|(left, right)| Step::Strip(left, right)),
        Just(Step::Clear),
    ]
}

/// Cuts a text at spaces, which are dropped, the way stock's `split` gives slices.
fn words(text: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut start = 0;
    for (at, c) in text.char_indices().filter(|(_, c)| c.is_whitespace()) {
        if at > start {
            spans.push(Span::new(start, at));
        }
        start = at + c.len_utf8();
    }
    if text.len() > start {
        spans.push(Span::new(start, text.len()));
    }
    spans
}

/// A rewriting in the way of ByteLevel: bytes as characters of two bytes, a prefix first.
fn bytes_of(c: char) -> Vec<char> {
    let mut buffer = [0; 4];
    c.encode_utf8(&mut buffer).bytes().filter_map(|b| char::from_u32(0x100 + u32::from(b))).collect()
}

fn cases() -> u32 {
    if std::env::var("BUDTIKTOK_LONG").is_ok_and(|value| value == "1") { 300_000 } else { 3000 }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases()) })]

    #[test]
    fn steps_and_slices_equal_stock(
        text in any_text(),
        steps in prop::collection::vec(any_step(), 0..4),
        cut in any::<(prop::sample::Index, prop::sample::Index)>(),
    ) {
        let mut ours = NormalizedText::new(&text, 0, true);
        let mut untracked = NormalizedText::new(&text, 0, false);
        let mut stock = NormalizedString::from(text.as_str());
        for one in &steps {
            if !step(one, &mut ours, &mut stock) {
                return Ok(());
            }
            prop_assert!(our_step(one, &mut untracked).is_ok());
        }
        prop_assert_eq!(our_view(&ours), stock_view(&stock));
        prop_assert_eq!(untracked.get(), ours.get());
        prop_assert_eq!(untracked.current_front(), ours.current_front());

        let boundaries: Vec<usize> =
            (0..=stock.get().len()).filter(|&i| stock.get().is_char_boundary(i)).collect();
        let (a, b) = (*cut.0.get(&boundaries), *cut.1.get(&boundaries));
        let (start, end) = (a.min(b), a.max(b));
        if start < end {
            let slice = stock.slice(Range::Normalized(start..end)).expect("boundaries");
            let ours_slice = ours.slice(Span::new(start, end));
            prop_assert_eq!(our_view(&ours_slice), stock_view(&slice));
            prop_assert_eq!(ours_slice.original(), slice.get_original());
            prop_assert_eq!(ours.original_start(Span::new(start, end)), slice.offsets_original().0);
            let piece = Span::new(start, end);
            for from in 0..end - start + 2 {
                for to in 0..end - start + 2 {
                    let shift = slice.offsets_original().0;
                    let expected = slice
                        .convert_offsets(Range::Normalized(from..to))
                        .map_or((from, to), |range| (shift + range.start, shift + range.end));
                    prop_assert_eq!(ours.token_range(piece, from, to), expected);
                }
            }
            // A slice changes as a text of its own.
            let mut slice = slice;
            let mut ours_slice = ours_slice;
            if step(&Step::Form(3), &mut ours_slice, &mut slice) {
                prop_assert_eq!(our_view(&ours_slice), stock_view(&slice));
            }
        }
    }

    #[test]
    fn rewritten_pieces_equal_stock(
        text in any_text(),
        steps in prop::collection::vec(any_step(), 0..3),
        kind in 0..3usize,
        track in any::<bool>(),
    ) {
        let mut ours = NormalizedText::new(&text, 0, track);
        let mut stock = NormalizedString::from(text.as_str());
        for one in &steps {
            if !step(one, &mut ours, &mut stock) {
                return Ok(());
            }
        }
        let mut pieces = Pieces { spans: words(ours.get()), ..Pieces::default() };
        let mut expected = Vec::new();
        for span in &pieces.spans {
            let mut slice = stock.slice(Range::Normalized(span.range())).expect("boundaries");
            let fine = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| match kind {
                0 => {
                    slice.replace('a', "▁x").expect("replaces");
                    slice.prepend("▁é");
                }
                1 => {
                    let dest: Vec<(char, isize)> = slice
                        .get()
                        .chars()
                        .flat_map(|c| bytes_of(c).into_iter().enumerate().map(|(i, d)| (d, isize::from(i > 0))))
                        .collect();
                    slice.transform(dest, 0);
                }
                _ => drop(slice.nfkd()),
            }))
            .is_ok();
            expected.push(fine.then(|| stock_view(&slice)));
        }
        let outcome = ours.rewrite_pieces(&mut pieces, |piece, writer| {
            match kind {
                0 => {
                    writer.prepend("▁é");
                    for (at, _) in piece.match_indices('a') {
                        writer.copy_until(at);
                        writer.replace_until(at + 1, "▁x");
                    }
                    Ok(())
                }
                1 if writer.is_irregular() => {
                    let dest = piece.chars().flat_map(|c| {
                        bytes_of(c).into_iter().enumerate().map(|(i, d)| (d, isize::from(i > 0)))
                    });
                    writer.transform(dest, 0)
                }
                1 => piece.chars().try_for_each(|c| writer.map_char(&bytes_of(c).iter().collect::<String>())),
                _ => {
                    use unicode_normalization_alignments::UnicodeNormalization;
                    writer.transform(piece.nfkd(), 0)
                }
            }
        });
        prop_assert_eq!(outcome.is_ok(), expected.iter().all(Option::is_some));
        if outcome.is_err() {
            return Ok(());
        }
        let expected: Vec<_> = expected.into_iter().flatten().filter(|view| !view.0.is_empty()).collect();
        let got: Vec<_> = pieces
            .spans
            .iter()
            .map(|&span| {
                let range = span.range();
                let ranges = range.clone().map(|i| ours.original_range_of_bytes(i, i + 1)).collect::<Ranges>();
                (ours.get()[range].to_owned(), ours.original_start(span), ranges)
            })
            .collect();
        if ours.is_tracked() {
            prop_assert_eq!(got, expected);
        } else {
            let known = |views: &[(String, usize, Ranges)]| {
                views.iter().map(|view| (view.0.clone(), view.1 == 0)).collect::<Vec<_>>()
            };
            prop_assert_eq!(known(&got), known(&expected));
        }
    }
}

#[test]
fn bytes_inside_characters_stand_for_the_whole() {
    let text = NormalizedText::new("aé中", 10, true);
    assert_eq!(text.original_range_of_bytes(0, 2), (10, 13));
    assert_eq!(text.original_range_of_bytes(2, 4), (11, 16));
    assert_eq!(text.original_range_of_bytes(5, 6), (13, 16));
    assert_eq!(text.original_range(1, 3), (11, 13));
}
