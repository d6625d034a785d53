"""One process of the benchmark: one engine, one cell (or several calls). Reads a job (JSON) from its argument, prints one
line of JSON."""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import calls, engines, texts


def main(job: dict[str, Any]) -> dict[str, Any]:
    kind = {"engines": _engine, "calls": _calls, "load": _load, "growth": _growth}[job["cell"]]
    return kind(job["engine"], Path(job["tokenizer"]), job)


def _documents(job: dict[str, Any]) -> list[str]:
    corpora = Path(job["corpora"]) if job["corpora"] else None
    return texts.documents(corpora, job["text"], job["megabytes"])


def _engine(engine: str, folder: Path, job: dict[str, Any]) -> dict[str, Any]:
    engines.one_thread()
    documents = _documents(job)
    try:
        ids = engines.ENGINES[engine](folder)
        _spoil(job, folder)
        ids(texts.WARM_UP)
    except BaseException as error:  # noqa: BLE001 (a peer's panic is a BaseException)
        if engine in ("stock", "ours"):
            raise
        return {"cannot": f"{type(error).__name__}: {error}"[:120]}
    return _two_passes(ids, documents, documents) | _explained(engine)


def _calls(engine: str, folder: Path, job: dict[str, Any]) -> dict[str, Any]:
    """Each of the job's calls on its own share of the documents, so that its first pass is over new text."""
    clock = time.process_time
    if job["threads"] == 1:
        engines.one_thread()
    else:
        engines.threads(job["threads"])
        clock = time.perf_counter
    documents = _documents(job)
    tok = engines.tokenizer(engine, folder)
    _spoil(job, folder)
    found = {}
    for number, call in enumerate(job["calls"]):
        share = documents[number :: len(job["calls"])]
        try:
            tok(texts.WARM_UP)
            timed, results, inputs = calls.prepare(call, tok, share)
            found[call] = _two_passes(timed, inputs, share, results, clock) | _explained(engine)
        except BaseException as error:  # noqa: BLE001 (a peer's panic is a BaseException)
            if engine in ("stock", "ours"):
                raise
            found[call] = {"cannot": f"{type(error).__name__}: {error}"[:60]}
    return {"calls": found}


def _two_passes(
    timed: Callable[[Any], Any],
    value: Any,
    documents: list[str],
    results: Callable[[Any], Any] | None = None,
    clock: Callable[[], float] = time.process_time,
) -> dict[str, Any]:
    """Seconds of a pass over new text and of the same again, and a digest of what the first gave.

    Where that is thrown away, `results` makes it again.
    """
    from budtiktok_hf import compare

    gc.collect()
    start = clock()
    result = timed(value)
    first = clock() - start
    tokens = sum(len(row) for row in result) if isinstance(result, list) else 0
    if results is None:
        digest = compare.digest(compare.plain(result)).hex()
    del result
    gc.collect()
    start = clock()
    timed(value)
    repeat = clock() - start
    if results is not None:
        digest = compare.digest(compare.plain(results(value))).hex()
    size = sum(len(text.encode("utf-8")) for text in documents)
    return {"first": first, "repeat": repeat, "bytes": size, "digest": digest, "tokens": tokens}


def _load(engine: str, folder: Path, job: dict[str, Any]) -> dict[str, Any]:
    """Seconds from nothing loaded to the first answer, and resident megabytes after it; imports apart."""
    from transformers import AutoTokenizer  # its import is not what is measured

    begin = time.perf_counter()
    if engine == "ours":
        import budtiktok_hf

        imported = time.perf_counter()
        budtiktok_hf.patch()
    else:
        imported = begin
    patched = time.perf_counter()
    gc.collect()
    before = _resident()
    start = time.perf_counter()
    tok = AutoTokenizer.from_pretrained(str(folder))
    loaded = time.perf_counter()
    tok("The first call waits for whatever is still being built.")
    end = time.perf_counter()
    return {
        "import": imported - begin,
        "patch": patched - imported,
        "load": loaded - start,
        "call": end - loaded,
        "first": end - start,
        "resident": _resident(),
        "grown": _resident() - before,
    }


def _growth(engine: str, folder: Path, job: dict[str, Any]) -> dict[str, Any]:
    """Processor seconds for texts of 1, 2 and 4 MB of one kind, each new."""
    engines.one_thread()
    ids = engines.ENGINES[engine](folder)
    ids(texts.WARM_UP)
    seconds = []
    for megabytes in (1, 2, 4):
        text = texts.long_text(job["text"], megabytes * 1_000_000)
        start = time.process_time()
        ids([text])
        seconds.append(time.process_time() - start)
    return {"seconds": seconds}


def _resident() -> float:
    """Megabytes of this process that are in memory; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * 4096 / 1e6


def _explained(engine: str) -> dict[str, Any]:
    """Ours: how many calls stock answered meanwhile. None may have, where a speed is said to be the engine's."""
    if engine != "ours":
        return {}
    import budtiktok_hf

    return {"stock_calls": budtiktok_hf.explain().stock_calls}


def _spoil(job: dict[str, Any], folder: Path) -> None:
    """For the test that a speed is refused: ours gives wrong answers."""
    if job.get("fault") and job["engine"] == "ours":
        from compat import faults, loading

        faults.install(job["fault"], loading.load(folder) if job["fault"] == "stale" else None)


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
