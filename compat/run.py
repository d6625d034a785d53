"""All tokenizers: two processes each, what is kept on disk, and the verdict."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from compat import cases, loading, options

ROOT = Path(__file__).resolve().parent.parent
PLAN = ("cases.py", "corpora.py", "options.py", "edits.py", "loading.py", "worker.py")
"""Files that decide what a reference is."""


@dataclass
class Verdict:
    """What is known of one tokenizer after its run."""

    name: str
    cases: dict[str, int] = field(default_factory=dict)
    mismatches: int = 0
    accelerated: bool = False
    reason: str = ""
    stock_calls: int = 0
    """Calls that stock answered in states of the tokenizer that were said to be accelerated."""
    by_stock: list[str] = field(default_factory=list)
    """Some of the cases with such calls."""
    states: dict[str, int] = field(default_factory=dict)
    pairs: int = 0
    differences: list[dict[str, Any]] = field(default_factory=list)
    engine: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    failure: str = ""

    @property
    def total(self) -> int:
        return sum(self.cases.values())

    @property
    def good(self) -> bool:
        return not (self.mismatches or self.failure or self.stock_calls)

    def line(self) -> str:
        if self.failure:
            return f"{self.name:40} FAILED: {self.failure}"
        how = "accelerated" if self.accelerated else f"stock: {self.reason}"
        if self.stock_calls:
            how += f", BUT STOCK ANSWERED {self.stock_calls} CALLS"
        return f"{self.name:40} {self.total:7,} cases  {self.mismatches:6,} mismatches  {how}"


@dataclass
class Run:
    """One run over a folder of tokenizers."""

    tokenizers: Path
    corpora: Path
    corpora_digest: str
    mode: cases.Mode
    cache: Path
    fault: str | None = None
    fresh: bool = False

    def verdict(self, name: str, progress: Callable[[str, int], None]) -> Verdict:
        """Runs what is not on disk yet. `progress` is called with the side and the number of its results so far."""
        try:
            return self._verdict(name, progress)
        except WorkerFailed as error:
            return Verdict(name, failure=str(error))

    def _verdict(self, name: str, progress: Callable[[str, int], None]) -> Verdict:
        reference_key = _key(
            self._plan_digest(),
            self.corpora_digest,
            loading.folder_digest(self.tokenizers / name),
            asdict(self.mode),
        )
        references = self.cache / "references" / f"{name}-{reference_key}"
        job = {
            "name": name, "tokenizer": str(self.tokenizers / name), "corpora": str(self.corpora), "mode": asdict(self.mode),
            "references": str(references), "fault": self.fault,
        }  # fmt: skip
        reference = _stored(references / "done.json") or self._work(
            job | {"side": "stock", "out": str(references / "done.json")}, "stock", progress
        )
        result_key = _key(
            reference_key,
            build_digest(),
            self.fault,
            {k: v for k, v in os.environ.items() if k.startswith("BUDTIKTOK_")},
        )
        stored = self.cache / "results" / f"{name}-{result_key}.json"
        result = None if self.fresh else _stored(stored)
        if result is None:
            result = self._compare(job, reference, stored, progress)
        return self._judge(name, reference, result)

    def _compare(
        self,
        job: dict[str, Any],
        reference: dict[str, Any],
        out: Path,
        progress: Callable[[str, int], None],
    ) -> dict[str, Any]:
        differing = out.with_suffix(".pickle")
        side = "both" if reference.get("shares_ids") else "patched"
        job = job | {"differing": str(differing)}
        result = self._work(
            job | {"side": side, "out": str(out.with_suffix(".part"))}, side, progress
        )
        result["differences"], result["refuted"] = [], 0
        if result["kept"] and side == "patched":
            again = {
                "side": "stock",
                "again": str(differing),
                "out": str(out.with_suffix(".again")),
            }
            result["differences"] = self._work(job | again, "again", progress)["differences"]
            # Results that differ only in that a panic of stock's became our ValueError.
            result["refuted"] = result["kept"] - len(result["differences"])
        elif result["kept"]:
            result["differences"] = [
                {"case": label, "difference": "see the case"} for label in result["labels"]
            ]
        differing.unlink(missing_ok=True)
        for suffix in (".part", ".again"):
            out.with_suffix(suffix).unlink(missing_ok=True)
        out.write_text(json.dumps(result))
        return result

    def _judge(self, name: str, reference: dict[str, Any], result: dict[str, Any]) -> Verdict:
        states = result["states"]
        accelerated = [state for state in states if state["accelerated"]]
        first = states[0]
        return Verdict(
            name=name,
            cases=result["cases"],
            mismatches=sum(result["mismatches"].values()) - result["refuted"],
            accelerated=first["accelerated"],
            reason="; ".join(first["reasons"]),
            stock_calls=sum(state["stock_calls"] for state in accelerated),
            states={"all": len(states), "accelerated": len(accelerated)},
            pairs=options.pair_floor(cases.window_rows(name, self.mode)),
            by_stock=[case for state in accelerated for case in state.get("by_stock", [])][:10],
            differences=result["differences"][:20],
            engine=result["engine"],
            seconds={"stock": reference.get("seconds", 0.0), "patched": result["seconds"]},
        )

    def _work(
        self, job: dict[str, Any], side: str, progress: Callable[[str, int], None]
    ) -> dict[str, Any]:
        """Runs a worker process to its end and returns what it wrote."""
        out = Path(job["out"])
        out.parent.mkdir(parents=True, exist_ok=True)
        environment = os.environ | {
            "RAYON_NUM_THREADS": "1" if job["side"] == "stock" else "2",
            "PYTHONHASHSEED": "0",
            "RUST_BACKTRACE": "0",
        }
        with tempfile.TemporaryDirectory() as folder:
            job_file, log = Path(folder) / "job.json", Path(folder) / "log"
            job_file.write_text(json.dumps(job))
            with log.open("wb") as errors:
                process = subprocess.Popen(
                    [sys.executable, "-m", "compat.worker", str(job_file)],
                    cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True,
                )  # fmt: skip
                assert process.stdout
                for line in process.stdout:
                    if line.startswith("progress "):
                        progress(side, int(line.split()[1]))
                code = process.wait()
            if code:
                raise WorkerFailed(f"{side} process ended with {code}: {_tail(log)}")
        stored = _stored(out)
        if stored is None:
            raise WorkerFailed(f"{side} process wrote nothing")
        return stored

    def _plan_digest(self) -> str:
        state = hashlib.blake2b(digest_size=16)
        for file in PLAN:
            state.update((ROOT / "compat" / file).read_bytes())
        state.update((ROOT / "budtiktok_hf" / "compare.py").read_bytes())
        return _key(
            state.hexdigest(),
            version("tokenizers"),
            version("transformers"),
            platform.python_version(),
        )


class WorkerFailed(Exception):
    """A process ended before its result; the text is the end of what it wrote to standard error."""


def build_digest() -> str:
    """Stands for the package under test: its Python files and its native module."""
    state = hashlib.blake2b(digest_size=16)
    for path in sorted((ROOT / "budtiktok_hf").rglob("*")):
        if path.suffix in (".py", ".so", ".pyd"):
            state.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return state.hexdigest()


def _key(*parts: Any) -> str:
    return hashlib.blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=8).hexdigest()


def _stored(path: Path) -> dict[str, Any] | None:
    return json.loads(path.read_text()) if path.exists() else None


def _tail(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return " | ".join(lines[-4:])[-600:]
