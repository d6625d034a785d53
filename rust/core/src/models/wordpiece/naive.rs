//! The definition, look-up by look-up: what the trie is tested against, and what stands in for it
//! where it would be too large. A word of n characters takes O(n²) look-ups.

use crate::vocabulary::Vocabulary;

/// Appends a word's tokens; `false` if some of it is no token (what was appended is then to be
/// dropped).
pub(super) fn append(vocabulary: &Vocabulary, prefix: &str, word: &str, ids: &mut Vec<u32>) -> bool {
    let mut written = String::new();
    let mut start = 0;
    while start < word.len() {
        written.clear();
        if start > 0 {
            written.push_str(prefix);
        }
        let before = written.len();
        written.push_str(&word[start..]);
        loop {
            if written.len() == before {
                return false;
            }
            if let Some(id) = vocabulary.id(&written) {
                ids.push(id);
                start += written.len() - before;
                break;
            }
            written.pop();
        }
    }
    true
}
