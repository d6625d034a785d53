"""One tokenizer folder, one side: runs the mixins' tests and writes how each ended, as JSON.

python -m compat.upstream.suite SOURCE FOLDER patched|stock OUT
"""

from __future__ import annotations

import importlib
import json
import os
import random
import sys
import unittest
from pathlib import Path
from typing import Any

from compat.upstream.source import PACKAGE, WANTED

MIXINS = ("TokenizerTesterMixin", "TokenizersBackendTesterMixin", "SentencePieceBackendTesterMixin")


class Endings(unittest.TestResult):
    """How each test ended: `passed`, `skipped`, or the type of what it raised."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[str, str] = {}

    def _ended(self, test: Any, how: str) -> None:
        name = f"{type(test).__name__}.{test._testMethodName}"
        # Of several endings (a test and its parts) the bad ones stay.
        if self.seen.get(name, "passed") == "passed":
            self.seen[name] = how
        elif how != "passed" and how not in self.seen[name]:
            self.seen[name] += f", {how}"

    def addSuccess(self, test: Any) -> None:  # noqa: N802
        self._ended(test, "passed")

    def addSkip(self, test: Any, reason: str) -> None:  # noqa: N802
        self._ended(test, "skipped")

    def addError(self, test: Any, err: Any) -> None:  # noqa: N802
        if hasattr(test, "_testMethodName"):
            self._ended(test, _named(err))
        else:
            self.seen[str(test)] = _named(err)

    def addFailure(self, test: Any, err: Any) -> None:  # noqa: N802
        self._ended(test, _named(err))

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:  # noqa: N802
        if err is not None:
            self._ended(test, _named(err))


def _named(err: Any) -> str:
    """Type and first line of what was raised; numbers and paths of a run are left out of neither side."""
    line = str(err[1]).strip().split("\n")[0][:200]
    return f"{err[0].__name__}: {line}" if "/tmp" not in line else err[0].__name__


def classes(folder: Path) -> list[type]:
    """The test classes: each mixin that the installed version has, over this folder."""
    import transformers

    modules = []
    for name in WANTED:
        try:
            modules.append(importlib.import_module(f"{PACKAGE}.{name.removesuffix('.py')}"))
        except ModuleNotFoundError as error:
            if error.name != f"{PACKAGE}.{name.removesuffix('.py')}":
                raise
    tokenizer_class = type(transformers.AutoTokenizer.from_pretrained(str(folder)))
    made = []
    for mixin in MIXINS:
        found = next((getattr(m, mixin) for m in modules if hasattr(m, mixin)), None)
        if found is None:
            continue
        settings = {
            "tokenizer_class": tokenizer_class,
            "rust_tokenizer_class": tokenizer_class,
            "from_pretrained_id": str(folder) if "Sentence" in mixin else [str(folder)],
            "from_pretrained_kwargs": {},
            "test_rust_tokenizer": True,
            "test_slow_tokenizer": False,
        }
        made.append(type(mixin.removesuffix("Mixin"), (found, unittest.TestCase), settings))
    return made


def main(source: str, folder: str, side: str, out: str) -> None:
    sys.path.insert(0, source)
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    import transformers

    transformers.logging.set_verbosity_error()
    if side == "patched":
        import budtiktok_hf

        budtiktok_hf.patch()
    endings = Endings()
    loader = unittest.TestLoader()
    for case in classes(Path(folder)):
        random.seed(0)
        loader.loadTestsFromTestCase(case).run(endings)
    result: dict[str, Any] = {"tests": endings.seen}
    if side == "patched":
        result["by_stock"] = budtiktok_hf.explain().stock_calls
    Path(out).write_text(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
