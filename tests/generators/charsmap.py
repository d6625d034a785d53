"""SentencePiece's compiled normalization rules, written from a table.

The format: the trie's length in bytes, the trie as a double array of 32-bit units, the replacements one after the other, each ended
by NUL. A unit holds its label (bits 0-7), whether a key ends here (bit 8) and the distance to its children (bits 10 on); the child
for byte b of the node at `p` lies at `p ^ distance ^ b`, the value of a key that ends at it at `p ^ distance`.
"""

from __future__ import annotations

import struct

_LEAF = 1 << 8
_VALUE = 1 << 31


def charsmap(rules: dict[str, str]) -> bytes:
    """A `precompiled_charsmap` that replaces each key by its value."""
    replacements = b""
    trie: dict = {}
    for key, value in sorted(rules.items()):
        node = trie
        for byte in key.encode():
            node = node.setdefault(byte, {})
        node[None] = len(replacements)
        replacements += value.encode() + b"\0"
    units = _double_array(trie)
    return struct.pack(f"<I{len(units)}I", 4 * len(units), *units) + replacements


def _double_array(trie: dict) -> list[int]:
    """First fit: each node's children go to the first block of 256 units where all of them are free."""
    units = {0: 0}
    waiting = [(0, trie)]
    end = 256
    while waiting:
        place, node = waiting.pop()
        labels = [0 if label is None else label for label in node]
        # A distance of over 2^21 would need the format's other scale.
        distance = next(
            d for d in range(1, 1 << 21) if all(place ^ d ^ label not in units for label in labels)
        )
        units[place] |= distance << 10 | (_LEAF if None in node else 0)
        end = max(end, (place ^ distance | 0xFF) + 1)
        for label, child in node.items():
            if label is None:
                units[place ^ distance] = _VALUE | child
            else:
                units[place ^ distance ^ label] = label
                waiting.append((place ^ distance ^ label, child))
    return [units.get(place, 0) for place in range(end)]


#: A few rules of the kinds that SentencePiece's own tables have.
SMALL = charsmap(
    {
        "\t": " ", "\n": " ", "\r": " ", "\r\n": " ", "\u00a0": " ", "\u3000": " ", "\u2028": " ",
        "\u0000": "", "\u00ad": "", "\u200b": "", "\ufeff": "", "\u200d": "", "\u0300": "",
        "ﬁ": "fi", "ﬀ": "ff", "Ａ": "A", "ａ": "a", "１": "1", "½": "1⁄2", "…": "...", "㌀": "アパート",
        "é": "e", "e\u0301": "é", "か\u3099": "が", "ｶﾞ": "ガ", "Ü": "ü", "ß": "ss", "한": "하",
    }
)  # fmt: skip
