//! What an added token asks of its surroundings: word boundaries, white space it takes along.

/// Whether the text ends with a word character (the regex crate's `\w`, which stock asks).
pub fn ends_with_word(text: &str) -> bool {
    text.chars().next_back().is_some_and(regex_syntax::is_word_character)
}

/// Whether the text begins with a word character.
pub fn starts_with_word(text: &str) -> bool {
    text.chars().next().is_some_and(regex_syntax::is_word_character)
}

/// Where the white space at the end of a text begins.
pub fn space_at_end(text: &str) -> usize {
    text.trim_end_matches(char::is_whitespace).len()
}

/// How long the white space at the start of a text is.
pub fn space_at_start(text: &str) -> usize {
    text.len() - text.trim_start_matches(char::is_whitespace).len()
}
