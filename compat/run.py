"""All tokenizers: two processes each, what is kept on disk, and the verdict."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import platform
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from compat import cases, loading, options, process
from compat.process import ROOT, Progress

PLAN = (
    "compat/cases.py",
    "compat/corpora.py",
    "compat/options.py",
    "compat/edits.py",
    "compat/loading.py",
    "compat/reference.py",
    "budtiktok_hf/compare.py",
)
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
    categories: dict[str, int] = field(default_factory=dict)
    """Texts of the plan, by where they come from and what they hold; a text counts in several."""
    refuted: int = 0
    """Results that differed from the reference but not from stock's second answer."""
    skipped: list[str] = field(default_factory=list)
    """Cases that stock's process did not survive: nothing to compare with."""
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
        if self.skipped:
            how += f", {len(self.skipped)} left out (stock dies)"
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
    door: str = "patch"
    references_only: bool = False

    def verdict(self, name: str, progress: Progress) -> Verdict:
        """Runs what is not on disk yet. `progress` is called with the side and the number of its results so far."""
        try:
            return self._verdict(name, progress)
        except process.WorkerFailed as error:
            return Verdict(name, failure=str(error))

    def _verdict(self, name: str, progress: Progress) -> Verdict:
        reference_key = _key(
            self._plan_digest(),
            self.corpora_digest,
            loading.folder_digest(self.tokenizers / name),
            asdict(self.mode),
        )
        references = self.cache / "references" / f"{name}-{reference_key}"
        done = references / "done.json"
        job = {
            "name": name, "tokenizer": str(self.tokenizers / name), "corpora": str(self.corpora), "mode": asdict(self.mode),
            "references": str(references), "fault": self.fault, "door": self.door,
        }  # fmt: skip
        reference = _stored(done) or process.run(
            job | {"side": "stock", "out": str(done)}, "stock", progress
        )
        if self.references_only:
            return Verdict(
                name,
                reference.get("cases", {}),
                reason="references only",
                seconds=_seconds(stock=reference),
                skipped=reference.get("skipped", []),
            )
        result_key = _key(
            reference_key,
            build_digest(),
            self.fault,
            self.door,
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
        progress: Progress,
    ) -> dict[str, Any]:
        differing = out.with_suffix(".pickle")
        side = "both" if reference.get("shares_ids") else "patched"
        job = job | {"differing": str(differing)}
        result = process.run(
            job | {"side": side, "out": str(out.with_suffix(".part"))}, side, progress
        )
        result["refuted"] = 0
        result["differences"] = [
            {"case": case, "difference": "our process died, stock's did not"}
            for case in result["deaths"]
        ]
        if result["kept"] and side == "patched":
            again = {
                "side": "stock",
                "again": str(differing),
                "out": str(out.with_suffix(".again")),
            }
            shown = process.run(job | again, "again", progress)["differences"]
            # Results that differ only in that a panic of stock's became our ValueError, or in which stock does not repeat itself.
            result["refuted"] = result["kept"] - len(shown)
            result["differences"] += shown
        elif result["kept"]:
            result["differences"] += [
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
            seconds=_seconds(stock=reference, patched=result),
            categories=reference.get("categories", {}),
            refuted=result["refuted"],
            skipped=reference.get("skipped", []),
        )

    def _plan_digest(self) -> str:
        state = hashlib.blake2b(digest_size=16)
        for file in PLAN:
            state.update(_meaning((ROOT / file).read_text(encoding="utf-8")))
        return _key(
            state.hexdigest(),
            version("tokenizers"),
            version("transformers"),
            platform.python_version(),
        )


def _meaning(source: str) -> bytes:
    """A Python file without comments, layout and docstrings: what may change without making references anew."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [  # type: ignore[attr-defined]
                part
                for part in body
                if not (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))
            ]
    return ast.dump(tree).encode()


def _seconds(**sides: dict[str, Any]) -> dict[str, float]:
    """Wall and processor time of each side."""
    times = {side: result.get("seconds", 0.0) for side, result in sides.items()}
    return times | {f"{side} cpu": result.get("cpu_seconds", 0.0) for side, result in sides.items()}


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
