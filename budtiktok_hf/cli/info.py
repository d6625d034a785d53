"""What is installed; with MODEL: whether `patch()` accelerates it, and if not, why."""

from __future__ import annotations

import argparse
import platform
from importlib.metadata import PackageNotFoundError, version

from budtiktok_hf.cli import loading


def add_arguments(parser: argparse.ArgumentParser) -> None:
    loading.add_model(parser, optional=True)


def run(options: argparse.Namespace) -> int:
    import budtiktok_hf

    print(f"budtiktok_hf  {budtiktok_hf.__version__}")
    for name in ("tokenizers", "transformers", "huggingface-hub", "numpy", "torch"):
        print(f"{name:13} {_version(name)}")
    print(f"python        {platform.python_version()}, {platform.machine()}")
    if options.model:
        with budtiktok_hf.patched():
            tok = loading.load(options.model)
            backend = loading.backend_of(tok)
            if backend is not None:
                backend.encode("One call, so that there is an engine to explain.")
            print()
            print(budtiktok_hf.explain(tok))
    return 0


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
