"""The accuracy corpus of tests/corpus, counted by category for the report."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from compat.run import ROOT


def report() -> tuple[dict[str, Any], list[str]]:
    """By category: texts, results compared (texts by tokenizers), how many differ. And what failed, a line each."""
    command = [sys.executable, str(ROOT / "tests" / "corpus")]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if not done.stdout:
        return {}, ["the accuracy corpus could not be compared"]
    counts, failures = {}, []
    for category, row in json.loads(done.stdout).items():
        counts[category] = {
            "texts": max(result["texts"] for result in row.values()),
            "results": sum(result["texts"] for result in row.values()),
            "differ": sum(result["differ"] for result in row.values()),
        }
        failures += [
            f"corpus, {category}, {name}: {result['differ']:,} differ, the first: {result['first']}"
            for name, result in row.items()
            if result["differ"]
        ]
    return counts, failures
