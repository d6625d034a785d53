"""Texts made to break implementations: sizes at the borders of blocks and keys, towers, runs, look-alikes of added tokens."""

from __future__ import annotations

from random import Random

#: Around the sizes of vector blocks, cache keys, lines of cache, limits of words.
SIZES = (
    1,
    2,
    3,
    7,
    8,
    9,
    15,
    16,
    17,
    31,
    32,
    33,
    63,
    64,
    65,
    99,
    100,
    101,
    127,
    128,
    129,
    255,
    256,
    257,
    1000,
)
RUNS = (
    "a", "A", "0", " ", "\n", "\t", "\r\n", ".", "'", "'s", "é", "e\u0301", "\u0301", "東", "한", "\u1100", "😀", "👨\u200d", "🇩", "\u200d",
    "\u200b", "\ufeff", "\u202e", "ß", "İ", "ſ", "ﬁ", "\x00", "\u3000", "\xa0", "▁", "Ġ", "##", "_", "</w>", "<x>", "<x", "a ", " a", "a1",
    "a.", "aA", "1,", "ab", "the ", "\U00020000", "\ud7ff", "\uffff", "\U0010ffff", "क्", "ก็", "\u0345",
)  # fmt: skip


def adversarial_texts() -> list[str]:
    random = Random(3)
    made = [run * size for run in RUNS for size in SIZES]
    # A border between two kinds of character at every place of a block.
    for at in range(130):
        made.append("a" * at + " " + "b" * (130 - at))
        made.append("a" * at + "é" + "b" * (130 - at))
        made.append(" " * at + "x" + " " * (130 - at))
        made.append("東" * (at // 3) + "," + "京" * 20)
    # Added tokens cut, doubled, nested.
    for _ in range(300):
        made.append(
            "".join(
                random.choices(("<", "x", ">", "<x>", " ", "<x", "x>", "new", "<y>", "low"), k=12)
            )
        )
    # Towers of marks in every order, and letters between them.
    marks = "\u0300\u0301\u0316\u0323\u0327\u0345\u3099\u05b8\u064b"
    for _ in range(200):
        made.append(
            "".join(
                random.choice("aeo") + "".join(random.choices(marks, k=random.randint(0, 30)))
                for _ in range(4)
            )
        )
    # What looks like bytes, entities, escapes.
    for byte in range(256):
        made.append(f"<0x{byte:02X}>\\x{byte:02x}&#{byte};{chr(byte)}")
    return made
