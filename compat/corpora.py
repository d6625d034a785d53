"""Texts: whole files, documents of at most 4 KB, seeded windows, and texts made on purpose."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

DOCUMENT_BYTES = 4096
LENGTHS = {"empty": 0, "word": 12, "line": 100, "paragraph": 700}
"""The longest window of each kind, in characters."""

EDGE = {"ZWJ": "\u200d", "ZWNJ": "\u200c", "RLO": "\u202e", "BOM": "\ufeff"}

_ADVERSARIAL = (
    "a", "aaaa", " ", "    ", "\t", "\n", "\r\n", "\n\n\n", "\u00a0", "\u3000", "\u2028", "\u0085", "\x00", "\x1c", "\x0b",
    "\u0301", "\u0301\u0302\u0303", "e\u0301", "\u00e9", "\u212b", "\ufb01", "\u017f", "\u212a", "'\u017f", "'S", "'ll", "'LL",
    "\u200d", "\u200c", "\u200b", "\u202e", "\ufeff", "\ufffd", "\ufffc", "\u00ad", "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\U0001f1e9\U0001f1ea", "\U0001f3fd", "1", "12345678", "\u0661\u0662", "\u00bd", "\u2167", "\u4e00", "\u65e5\u672c\u8a9e",
    "\uac00", "\u1100\u1161\u11a8", "\u0e33", "\u0915\u094d\u0937", "\u05d0", "\u0627\u0644", "\U00020000", "\U0010ffff", "\ue000",
    "\u2581", "\u0120", "##", "_", "-", "...", "!?", "\u2014", "\u201c", "$", "<", ">", "<s>", "[CLS]", "{}", "A", "Z", "I\u0307",
    "\u0130", "\u1e9e", "\u03a3", "\u03c2",
)  # fmt: skip


@dataclass
class Corpora:
    """All files of a folder of corpora (`<kind>/<file>`), as text."""

    files: list[tuple[str, str, str]] = field(default_factory=list)
    """(kind, name, text), sorted by kind and name."""

    @classmethod
    def read(cls, folder: Path) -> Corpora:
        files = []
        for path in sorted(folder.glob("*/*")):
            if path.is_file():
                files.append((path.parent.name, path.name, path.read_bytes().decode("utf-8")))
        if not files:
            raise SystemExit(f"no texts in {folder} (expected <kind>/<file>)")
        return cls(files)

    @property
    def kinds(self) -> list[str]:
        return sorted({kind for kind, _, _ in self.files})

    def digest(self) -> str:
        state = hashlib.blake2b(digest_size=16)
        for kind, name, text in self.files:
            state.update(f"{kind}/{name}\0".encode() + text.encode() + b"\0")
        return state.hexdigest()

    def documents(self, limit: int = DOCUMENT_BYTES) -> list[tuple[str, str]]:
        """(kind, text) of every corpus, cut into documents of at most `limit` bytes."""
        return [(kind, part) for kind, _, text in self.files for part in documents(text, limit)]

    def window(self, kind: str, length: int, rng: random.Random) -> str:
        """At most `length` characters from anywhere in a file of that kind; files count alike, long or short."""
        text = rng.choice([text for file_kind, _, text in self.files if file_kind == kind])
        start = rng.randrange(max(1, len(text) - length))
        return text[start : start + rng.randint(min(1, length), length)] if length else ""


def documents(text: str, limit: int = DOCUMENT_BYTES) -> list[str]:
    """`text` in parts of at most `limit` UTF-8 bytes, cut between characters and nowhere else."""
    data = text.encode("utf-8")
    parts, start = [], 0
    while start < len(data):
        end = min(start + limit, len(data))
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        parts.append(data[start:end].decode("utf-8"))
        start = end
    return parts


def categories(text: str, origin: str) -> Counter[str]:
    """One text, counted under its origin and what it holds."""
    counts = Counter((origin, "ASCII" if text.isascii() else "Unicode"))
    counts.update(name for name, character in EDGE.items() if character in text)
    return counts


def from_pieces(pieces: list[str], length: int, rng: random.Random) -> str:
    """A text of the vocabulary's own strings, their space marks written as spaces half of the time."""
    text = ""
    while len(text) < length:
        piece = rng.choice(pieces)
        if rng.random() < 0.5:
            piece = (
                piece.replace("\u2581", " ")
                .replace("\u0120", " ")
                .removeprefix("##")
                .replace("</w>", " ")
            )
        text += piece
    return text[:length]


def adversarial(length: int, rng: random.Random) -> str:
    """Characters that bite: marks, joiners, white space of every kind, runs of one character."""
    text = ""
    while len(text) < length:
        text += rng.choice(_ADVERSARIAL) * (rng.choice((1, 1, 1, 2, 3, 40)))
    return text[:length]


def with_insertions(text: str, contents: list[str], rng: random.Random) -> str:
    """`text` with some of the added tokens' contents put in, at times glued to words, at times doubled or broken."""
    for _ in range(rng.randint(1, 4)):
        content = rng.choice(contents)
        content = rng.choice(
            (content, content, content * 2, f" {content} ", content[:-1], content.upper())
        )
        at = rng.randint(0, len(text))
        text = text[:at] + content + text[at:]
    return text
