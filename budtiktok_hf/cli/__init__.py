"""`python -m budtiktok_hf COMMAND`: info, verify, bench, tokenize, demo.

A command is a module with `add_arguments(parser)` and `run(options) -> exit code`; what it needs is imported when it runs.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys

from budtiktok_hf.cli.texts import NoText

COMMANDS = {
    "info": "what is installed and patched; of a model: whether it is accelerated, and if not, why",
    "verify": "compare patched with stock on your own text, field by field",
    "bench": "stock's and patched speed on your own text, on one thread",
    "tokenize": "show tokens, ids and offsets of a text",
    "demo": "train a small tokenizer on Python's own sources, compare and measure",
}


def main(arguments: list[str] | None = None) -> int:
    # Before anything imports transformers: its advice is not what was asked for.
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    parser = argparse.ArgumentParser(
        prog="python -m budtiktok_hf", description="Exactly Hugging Face tokenizers, faster."
    )
    subparsers = parser.add_subparsers(dest="command", required=True)
    for name, text in COMMANDS.items():
        module = importlib.import_module(f"budtiktok_hf.cli.{name}")
        command = subparsers.add_parser(name, help=text, description=module.__doc__)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    options = parser.parse_args(arguments)
    try:
        return options.run(options)
    except (NoText, OSError) as error:
        # No text, no such file, no such model: the user's to mend, no traceback.
        print(f"{parser.prog} {options.command}: {error}", file=sys.stderr)
        return 2
