"""The comparer, `budtiktok_hf/compare.py`, loaded by its path: the reference process must never import the package."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

PATH = Path(__file__).resolve().parent.parent / "budtiktok_hf" / "compare.py"


def _load() -> ModuleType:
    name = "compat_compare"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, PATH)
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


compare = _load()
