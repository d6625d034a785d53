"""One process, one tokenizer, one side: `python -m compat.worker JOB`, JOB a file of JSON.

side `stock`: never imports budtiktok_hf; writes the digests of a section's results to `references`. With `again`, results by
    section and number are run once more, and the first difference from `differing` is written down for each.
side `patched`: counters, then a door of the package; compares with the digests, keeps the results that differ.
side `both`: for a tokenizer on which stock disagrees with itself from object to object: each segment by stock, then by us, on the
    same object.

Lines on standard output: `progress N` as results come.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from compat import cases, loading, reference
from compat.comparer import compare
from compat.corpora import Corpora
from compat.journal import Journal

MEMORY = 10 << 30
"""Bytes a process may map. Some states of stock's never end; without a limit they take the whole machine with them."""
OUT_OF_MEMORY = 77
"""Exit code."""


def main(job_file: str) -> None:
    job = json.loads(Path(job_file).read_text())
    compare.silence_deprecations()
    os.environ["TOKENIZERS_PARALLELISM"] = "true"
    started = time.perf_counter()
    result = _run(job)
    result["seconds"] = round(time.perf_counter() - started, 2)
    result["cpu_seconds"] = round(time.process_time(), 2)
    out = Path(job["out"])
    out.with_suffix(".new").write_text(json.dumps(result))
    out.with_suffix(".new").replace(out)
    # Pools and loops of either library have nothing left to do.
    sys.stdout.flush()
    os._exit(0)


def _run(job: dict[str, Any]) -> dict[str, Any]:
    _limit_memory()
    corpora = Corpora.read(Path(job["corpora"]))
    mode, journal = cases.Mode(**job["mode"]), Journal(Path(job["journal"]))
    if job["side"] != "stock":
        from compat import patched

        return patched.run(job, corpora, mode, journal)
    subject = cases.Subject.of(job["name"], loading.load(Path(job["tokenizer"])))
    if loading.shares_ids(subject.backend):
        result: dict[str, Any] = {"shares_ids": True}
    elif job.get("again"):
        result = reference.again(subject, corpora, mode, Path(job["again"]))
    else:
        skipped = {tuple(case) for case in job["died"]}
        result = reference.make(subject, corpora, mode, Path(job["references"]), journal, skipped)
    assert "budtiktok_hf" not in sys.modules, "the reference process must not import budtiktok_hf"
    return result


def _limit_memory() -> None:
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
