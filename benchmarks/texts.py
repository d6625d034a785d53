"""What is encoded: documents of 2 KB from a folder of corpora, or, where there is none, from Python's own sources."""

from __future__ import annotations

from pathlib import Path

from budtiktok_hf.cli import texts

DOCUMENT_BYTES = 2048
WARM_UP = [
    "A short text, so that everything is built, and no word of the documents is seen: zyxwv 13579."
]


def documents(corpora: Path | None, kind: str, megabytes: float) -> list[str]:
    """At most `megabytes` of one kind, an even share from each of its files."""
    limit = int(megabytes * 1e6)
    if corpora is None:
        return texts.documents(texts.read(texts.standard_library(), limit), DOCUMENT_BYTES)
    files = sorted(path for path in (corpora / kind).iterdir() if path.is_file())
    found: list[str] = []
    for path in files:
        share = path.read_bytes()[: limit // len(files)].decode("utf-8", errors="ignore")
        found += texts.documents(share, DOCUMENT_BYTES)
    return found


GROWTH = {
    "one letter": "a",
    "spaces": " ",
    "CJK": "".join(chr(0x4E00 + (i * 7919) % 20000) for i in range(4096)),
    "combining marks": "a" + "\u0301\u0302\u0323" * 5,
}
"""What a long text is made of, to see how the cost grows with its length."""


def long_text(kind: str, size: int) -> str:
    """A text of about `size` bytes."""
    unit = GROWTH[kind]
    return (unit * (size // len(unit.encode("utf-8")) + 1))[
        : size // max(1, len(unit.encode("utf-8")) // len(unit))
    ]
