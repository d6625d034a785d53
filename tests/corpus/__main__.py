"""`python tests/corpus`: compares every tokenizer on every category, prints the counts as JSON, fails if anything differs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

import corpus  # noqa: E402
from corpus import judge  # noqa: E402

results = {
    category: {name: judge.judge(name, category) for name in judge.MAKERS}
    for category in corpus.FLOORS
}
print(json.dumps(results, indent=1, ensure_ascii=False))
sys.exit(any(result["differ"] for row in results.values() for result in row.values()))
