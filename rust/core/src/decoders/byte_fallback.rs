//! `ByteFallback`: runs of `<0x61>` tokens become the text of these bytes.

/// The byte that a token stands for.
pub(super) fn byte(token: &str) -> Option<u8> {
    let digits = token.strip_prefix("<0x")?.strip_suffix('>')?;
    // Rust's parser is stock's too: `<0x+a>` is a byte for both.
    if digits.len() == 2 { u8::from_str_radix(digits, 16).ok() } else { None }
}

/// Appends the tokens of a run: one if it is text, else U+FFFD for each of its bytes.
pub(super) fn push_run(run: &mut Vec<u8>, mut push: impl FnMut(&str)) {
    match std::str::from_utf8(run) {
        Ok(text) => push(text),
        Err(_) => (0..run.len()).for_each(|_| push("\u{FFFD}")),
    }
    run.clear();
}

pub(super) fn decode_chain(tokens: Vec<String>) -> Vec<String> {
    let mut texts = Vec::with_capacity(tokens.len());
    let mut run = Vec::new();
    for token in tokens {
        match byte(&token) {
            Some(byte) => run.push(byte),
            None => {
                if !run.is_empty() {
                    push_run(&mut run, |text| texts.push(text.to_string()));
                }
                texts.push(token);
            }
        }
    }
    if !run.is_empty() {
        push_run(&mut run, |text| texts.push(text.to_string()));
    }
    texts
}
