"""Edge cases by name: each notable character (zero width joiner, byte order mark, ...) in each kind of place."""

from __future__ import annotations

from generators.characters import NAMED

PLACES = {
    "alone": "{0}",
    "twice": "{0}{0}",
    "in a word": "wo{0}rd",
    "in front of a word": "{0}word",
    "behind a word": "word{0}",
    "between spaces": "a {0} b",
    "among digits": "12{0}34",
    "in front of a mark": "{0}\u0301 x",
    "behind a mark": "e\u0301{0}e\u0301",
    "between CJK": "東{0}京",
    "at a line's end": "word{0}\nnext",
    "at the start of a line": "word\n{0}next",
    "among punctuation": "({0}), '{0}'.",
    "at an added token": "<x>{0}<x>",
    "many": "{0}" * 40,
    "far behind": "word " * 14 + "{0}",
}


def edge_cases() -> dict[str, str]:
    """Text by name: 'zero width joiner, in a word'."""
    return {
        f"{name}, {place}": pattern.format(character)
        for name, character in NAMED.items()
        for place, pattern in PLACES.items()
    }
