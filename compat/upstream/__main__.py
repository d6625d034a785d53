"""Runs transformers' own tokenizer tests over tokenizer folders, stock and patched, and says where they end in different ways.

python -m compat.upstream --tokenizers FOLDER [--only NAME …] [--cache FOLDER] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from compat.upstream.source import fetch

ROOT = Path(__file__).resolve().parents[2]
SIDES = ("stock", "patched")

NAMES = (
    "albert-base-v2",
    "bert-base-uncased",
    "claude-legacy",
    "clip-vit-base",
    "deberta-v2-large-japanese",
    "gpt2",
    "latex-ocr",
    "llama-2",
    "minimind",
    "nougat-base",
    "progen2",
    "roberta-base",
    "t5-small",
    "tortoise-tts",
    "whisper-tiny",
)
"""Folders of every family; large vocabularies take minutes here and show nothing more."""

SECONDS = 1800
"""A side that takes longer has failed."""


def run(source: Path, folder: Path) -> dict[str, Any]:
    """Both sides of one folder, one after the other: some tests look at the time of files."""
    ended: dict[str, Any] = {}
    for side in SIDES:
        with tempfile.TemporaryDirectory() as scratch:
            out = Path(scratch) / "out.json"
            command = [sys.executable, "-m", "compat.upstream.suite", str(source), str(folder)]
            done = subprocess.run(
                [*command, side, str(out)],
                cwd=ROOT,
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
            if not out.exists():
                raise RuntimeError(f"{folder.name}, {side}: {done.stderr[-2000:]}")
            ended[side] = json.loads(out.read_text())
    return ended


def differences(ended: dict[str, Any]) -> list[str]:
    stock, patched = (ended[side]["tests"] for side in SIDES)
    return [
        f"{name}: stock {stock.get(name, 'not run')}, patched {patched.get(name, 'not run')}"
        for name in sorted(stock.keys() | patched.keys())
        if stock.get(name) != patched.get(name)
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m compat.upstream", description=__doc__)
    parser.add_argument("--tokenizers", type=Path, required=True)
    parser.add_argument("--only", nargs="+", default=NAMES)
    parser.add_argument("--cache", type=Path, default=ROOT / "compat" / "cache" / "upstream")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    source = fetch(options.cache)
    print(f"transformers {version('transformers')}, tokenizers {version('tokenizers')}")
    report, failed = {}, 0
    for name in options.only:
        ended = run(source, options.tokenizers / name)
        found = differences(ended)
        passed = sum(how == "passed" for how in ended["stock"]["tests"].values())
        print(f"{name:28} {passed:4} of {len(ended['stock']['tests'])} pass, {len(found)} differ")
        for line in found:
            print(f"    {line}")
        failed += len(found)
        report[name] = {"passed": passed, "differ": found} | ended
        # Tests that all fail compare nothing.
        if passed < 40:
            print("    too few pass: the tests did not reach the tokenizer")
            failed += 1
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(report, indent=1))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
