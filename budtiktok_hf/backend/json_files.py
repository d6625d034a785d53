"""`json.load` for the large files that transformers reads, with the same objects, faster.

transformers reads a tokenizer.json with Python's `json` for its vocabulary or its added tokens,
which takes most of its loading time. While hooked, the name `json` in its modules stands for a
module that differs in `load` alone.
"""

import io
import json
import os
import sys
import types

from .. import _native

__all__ = ["MODULES", "standing_in"]

#: The modules of transformers that read tokenizer.json.
MODULES = ("transformers.tokenization_utils_base", "transformers.tokenization_utils_tokenizers")

#: Smaller files are Python's.
WORTH_IT = 1 << 16

_stock_load = json.load


class _Json(types.ModuleType):
    """The module `json`, but for `load`."""

    def __getattr__(self, name: str):
        return getattr(json, name)

    def __dir__(self):
        return dir(json)


def _load(fp, **kwargs):
    """As `json.load`."""
    if kwargs or json.load is not _stock_load or not _is_plain(fp):
        return json.load(fp, **kwargs)
    data = fp.buffer.read()
    value = _native.json_objects(data)
    if value is None:
        # In Python's words, whatever is wrong with it.
        return json.load(io.TextIOWrapper(io.BytesIO(data), encoding=fp.encoding))
    return value


def _is_plain(fp) -> bool:
    """Whether it is a large file of UTF-8, not read from yet."""
    if type(fp) is not io.TextIOWrapper or type(fp.buffer) is not io.BufferedReader:
        return False
    if fp.encoding.lower() not in ("utf-8", "utf8") or fp.errors != "strict":
        return False
    try:
        return os.fstat(fp.fileno()).st_size >= WORTH_IT and fp.tell() == 0
    except (OSError, ValueError):
        return False


standing_in = _Json("json", json.__doc__)
standing_in.load = _load


def readers() -> list[types.ModuleType]:
    """The modules that are imported and have Python's own `json`."""
    modules = [sys.modules.get(name) for name in MODULES]
    return [module for module in modules if getattr(module, "json", None) is json]
