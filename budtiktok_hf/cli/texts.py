"""Texts for the commands: the user's files, or the sources of Python's standard library, which every machine has."""

from __future__ import annotations

import sysconfig
from pathlib import Path

DOCUMENT_BYTES = 4096


class NoText(Exception):
    """There is nothing to read; the text says where it was looked for."""


def read(files: list[Path], limit: int | None = None) -> str:
    """The files' texts one after the other, folders with all their files, at most about `limit` bytes; what is not UTF-8 is left out."""
    parts, size = [], 0
    for path in _walk(files):
        if limit is not None and size >= limit:
            break
        try:
            text = path.read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            continue
        parts.append(text)
        size += len(text)
    text = "\n".join(parts)
    if not text:
        raise NoText(f"no UTF-8 text in {', '.join(map(str, files))}")
    return text if limit is None else text[:limit]


def standard_library() -> list[Path]:
    """Python's own sources, in a fixed order."""
    root = Path(sysconfig.get_paths()["stdlib"])
    found = [
        path
        for path in sorted(root.rglob("*.py"))
        if "site-packages" not in path.parts and "dist-packages" not in path.parts
    ]
    if not found:
        raise NoText(f"no Python sources in {root}; name a model and files instead")
    return found


def documents(text: str, limit: int = DOCUMENT_BYTES) -> list[str]:
    """`text` in parts of at most `limit` bytes, cut after a line where there is one, between characters everywhere."""
    data, parts, start = text.encode("utf-8"), [], 0
    while start < len(data):
        end = min(start + limit, len(data))
        if end < len(data):
            line = data.rfind(b"\n", start + limit // 2, end)
            end = line + 1 if line >= 0 else end
            while data[end] & 0xC0 == 0x80:
                end -= 1
        parts.append(data[start:end].decode("utf-8"))
        start = end
    return parts


def _walk(files: list[Path]) -> list[Path]:
    found: list[Path] = []
    for path in files:
        if path.is_dir():
            found += sorted(child for child in path.rglob("*") if child.is_file())
        else:
            found.append(path)
    return found
