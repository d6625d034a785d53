"""Runs worker processes to their end, whatever happens to them."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from compat import journal
from compat.worker import OUT_OF_MEMORY

ROOT = Path(__file__).resolve().parent.parent
SILENCE = 20 * 60
"""Seconds without a result after which a worker counts as hanging; the slowest case, a whole file of 8 MB, takes a tenth."""
DEATHS = 20
"""Cases that may kill a worker before the tokenizer is given up."""

Progress = Callable[[str, int], None]
"""Told the side and the number of its results so far."""


class WorkerFailed(Exception):
    """A process ended before its result; the text is the end of what it wrote to standard error."""


class _Died(WorkerFailed):
    """It was killed, by a signal, the limit of memory or our patience, in a case that can be left out."""

    def __init__(self, text: str, case: tuple[str, int]) -> None:
        super().__init__(text)
        self.case = case


def run(job: dict[str, Any], side: str, progress: Progress) -> dict[str, Any]:
    """What the worker wrote. A case that kills it twice is left out (`died`), the others are run.

    Twice, because a kill may come from outside: from a machine out of memory, say.
    """
    died: list[tuple[str, int]] = []
    suspect: tuple[str, int] | None = None
    while True:
        try:
            return _once(job | {"died": died}, side, progress)
        except _Died as error:
            if error.case == suspect:
                died.append(error.case)
                suspect = None
            else:
                suspect = error.case
            if len(died) > DEATHS:
                raise


def _once(job: dict[str, Any], side: str, progress: Progress) -> dict[str, Any]:
    out = Path(job["out"])
    out.parent.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {
        "RAYON_NUM_THREADS": "1" if job["side"] == "stock" else "2",
        "PYTHONHASHSEED": "0",
        "RUST_BACKTRACE": "0",
    }
    with tempfile.TemporaryDirectory() as folder:
        job_file, log, begun = Path(folder) / "job.json", Path(folder) / "log", Path(folder) / "at"
        job_file.write_text(json.dumps(job | {"journal": str(begun)}))
        with log.open("wb") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "compat.worker", str(job_file)],
                cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
            )  # fmt: skip
            _follow(process, side, progress)
            code = process.wait()
        if code:
            text = f"{side} process ended with {code}: {_tail(log)}"
            case = journal.last(begun)
            if case and (code < 0 or code == OUT_OF_MEMORY):
                raise _Died(text, case)
            raise WorkerFailed(text)
    if not out.exists():
        raise WorkerFailed(f"{side} process wrote nothing")
    return json.loads(out.read_text())


def _follow(process: subprocess.Popen[bytes], side: str, progress: Progress) -> None:
    """Reads progress until the process closes its output; kills it when it has been silent too long."""
    assert process.stdout
    rest, silent = b"", 0
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            # Seconds of waiting are counted, not read from a clock: a machine that sleeps is no worker that hangs.
            if not selector.select(timeout=1):
                silent += 1
                if silent > SILENCE:
                    process.kill()
                continue
            data = os.read(process.stdout.fileno(), 65536)
            if not data:
                return
            silent = 0
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                if line.startswith(b"progress "):
                    progress(side, int(line.split()[1]))


def _tail(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return " | ".join(lines[-4:])[-600:]
