"""Processes of several engines, taking turns; what they gave is checked, then summed up as medians."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Row:
    """One engine in one cell: the medians of its processes."""

    engine: str
    first: float = 0.0
    """Seconds of the pass over text new to the process."""
    repeat: float = 0.0
    bytes: int = 0
    runs: list[dict[str, Any]] = field(default_factory=list)
    refused: str = ""
    """Why no speed is shown."""

    @property
    def first_speed(self) -> float:
        """MB/s."""
        return self.bytes / self.first / 1e6

    @property
    def repeat_speed(self) -> float:
        return self.bytes / self.repeat / 1e6

    @property
    def stock_calls(self) -> int:
        return sum(sum(run.get("stock_calls", {}).values()) for run in self.runs)


def interleaved(
    job: dict[str, Any], engines: list[str], processes: int, advance: Callable[[], object]
) -> dict[str, Row]:
    """Runs `processes` processes of each engine, one after the other in turn, and checks each result against stock's."""
    return _checked(job["cell"], _take_turns(job, engines, processes, advance))


def calls_interleaved(
    job: dict[str, Any], engines: list[str], processes: int, advance: Callable[[], object]
) -> dict[str, dict[str, Row]]:
    """The same for processes that make several calls each: by call."""
    turns = _take_turns(job, engines, processes, advance)

    def runs(call: str) -> dict[str, list[dict[str, Any]]]:
        return {
            engine: [run if "cannot" in run else run["calls"][call] for run in done]
            for engine, done in turns.items()
        }

    return {call: _checked(job["cell"], runs(call)) for call in job["calls"]}


def _take_turns(
    job: dict[str, Any], engines: list[str], processes: int, advance: Callable[[], object]
) -> dict[str, list[dict[str, Any]]]:
    turns: dict[str, list[dict[str, Any]]] = {engine: [] for engine in engines}
    for _ in range(processes):
        for engine, runs in turns.items():
            if not (runs and "cannot" in runs[-1]):
                runs.append(_process(job | {"engine": engine}))
            advance()
    return turns


def _checked(cell: str, turns: dict[str, list[dict[str, Any]]]) -> dict[str, Row]:
    rows = {engine: Row(engine, runs=runs) for engine, runs in turns.items()}
    for row in rows.values():
        row.refused = next((run["cannot"] for run in row.runs if "cannot" in run), "")
    if "stock" not in rows:
        return rows
    reference = {run.get("digest") for run in rows["stock"].runs}
    for row in rows.values():
        if row.refused or not row.runs:
            continue
        if {run.get("digest") for run in row.runs} != reference or len(reference) != 1:
            row.refused = (
                "other ids than stock" if cell == "engines" else "other results than stock"
            )
            continue
        row.first = median(run["first"] for run in row.runs)
        row.repeat = median(run.get("repeat", 0.0) for run in row.runs)
        row.bytes = row.runs[0].get("bytes", 0)
    return rows


def _process(job: dict[str, Any]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.worker", json.dumps(job)],
        cwd=ROOT,
        env=os.environ | {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        if job["engine"] in ("stock", "ours"):
            raise SystemExit(f"{job['engine']}: {done.stderr.strip()[-1500:]}")
        return {"cannot": f"process ended with {done.returncode}"}
    return json.loads(done.stdout.strip().splitlines()[-1])
