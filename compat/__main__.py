"""`python -m compat`: the command. Exit code 0 only if nothing differed and every floor was reached."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import date
from importlib.metadata import version
from pathlib import Path

from compat import accuracy, cases, faults
from compat.corpora import Corpora
from compat.patched import DOORS
from compat.process import Progress as Tell
from compat.run import ROOT, Run, Verdict

ACCELERATED = ROOT / "compat" / "accelerated.txt"


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    must = [line.split("#")[0].strip() for line in ACCELERATED.read_text().splitlines()]
    every = sorted(path.parent.name for path in options.tokenizers.glob("*/tokenizer.json"))
    names = options.only or options.quick or sorted(every, key=lambda name: name not in must)
    name_of_mode = "quick" if options.quick else "sample" if options.sample else "full"
    mode = cases.MODES[name_of_mode]
    run = Run(
        options.tokenizers.resolve(), options.corpora.resolve(), Corpora.read(options.corpora).digest(), mode, options.cache.resolve(),
        options.fault, options.fresh, options.door, options.references,
    )  # fmt: skip
    started = time.time()
    verdicts = _verdicts(run, names, options.jobs)
    failures = [verdict.line() for verdict in verdicts if not verdict.good]
    if not options.references:
        failures += _below_floors(verdicts, mode)
    if options.accelerated and not options.references:
        failures += [
            f"{verdict.name} must be accelerated: {verdict.reason}"
            for verdict in verdicts
            if verdict.name in must and not verdict.accelerated
        ]
    report = {
        "date": date.today().isoformat(),
        "mode": name_of_mode,
        "door": options.door,
        "versions": {name: version(name) for name in ("tokenizers", "transformers")},
        "python": sys.version.split()[0],
        "minutes": round((time.time() - started) / 60, 1),
        "cases": sum(verdict.total for verdict in verdicts),
        "mismatches": sum(verdict.mismatches for verdict in verdicts),
        "accelerated": sum(verdict.accelerated for verdict in verdicts),
        "categories": dict(sum((Counter(verdict.categories) for verdict in verdicts), Counter())),
        "failures": failures,
        "tokenizers": {
            verdict.name: vars(verdict)
            for verdict in sorted(verdicts, key=lambda verdict: verdict.name)
        },
    }
    if options.corpus or name_of_mode == "full":
        report["corpus"], wrong = accuracy.report()
        failures += wrong
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    print(
        f"{len(verdicts)} tokenizers, {report['cases']:,} cases, {report['mismatches']:,} mismatches, "
        f"{report['accelerated']} accelerated, {report['minutes']} minutes"
    )
    for failure in failures:
        print("FAIL", failure)
    print(
        f"{len(verdicts) - sum(not verdict.good for verdict in verdicts)} passed, {sum(not verdict.good for verdict in verdicts)} failed"
    )
    return 1 if failures else 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    fixtures = Path(os.environ.get("BUDTIKTOK_FIXTURES", "fixtures"))
    parser = argparse.ArgumentParser(
        prog="python -m compat", description="Patched against stock over real tokenizers and texts."
    )
    parser.add_argument(
        "--tokenizers",
        type=Path,
        default=fixtures / "tokenizers",
        help="folder of folders with a tokenizer.json",
    )
    parser.add_argument(
        "--corpora", type=Path, default=fixtures / "corpora", help="folder of <kind>/<file>, UTF-8"
    )
    parser.add_argument(
        "--quick",
        nargs="+",
        metavar="NAME",
        help="a small part of the matrix for these tokenizers (seconds each)",
    )
    parser.add_argument(
        "--sample",
        action="store_true",
        help="a fixed sample of the matrix for every tokenizer (minutes)",
    )
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these tokenizers")
    parser.add_argument(
        "--jobs", type=int, default=len(os.sched_getaffinity(0)), help="tokenizers at a time"
    )
    parser.add_argument("--json", type=Path, help="where the report goes")
    parser.add_argument(
        "--cache",
        type=Path,
        default=ROOT / "compat" / "cache",
        help="references and results of earlier runs",
    )
    parser.add_argument(
        "--accelerated",
        action="store_true",
        help=f"fail if a tokenizer of {ACCELERATED.name} is not accelerated",
    )
    parser.add_argument("--door", choices=DOORS, default="patch", help="how the package is reached")
    parser.add_argument(
        "--references", action="store_true", help="only make the references, by stock alone"
    )
    parser.add_argument(
        "--fault", choices=sorted(faults.FAULTS), help="spoil the patched side: the run must fail"
    )
    parser.add_argument(
        "--fresh",
        action="store_true",
        help="compare again, even if the same build was compared before",
    )
    parser.add_argument(
        "--corpus",
        action="store_true",
        help="count the accuracy corpus too, as a full run does (a minute)",
    )
    return parser.parse_args(arguments)


def _verdicts(run: Run, names: list[str], jobs: int) -> list[Verdict]:
    verdicts = []
    with _progress() as show, ThreadPoolExecutor(jobs) as pool:
        for done in as_completed([pool.submit(run.verdict, name, show.of(name)) for name in names]):
            verdict = done.result()
            verdicts.append(verdict)
            show.end(verdict)
    return verdicts


class _progress:
    """A bar a tokenizer under way on a terminal; elsewhere only the line when it is done."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (
            TextColumn("{task.description:48}"),
            BarColumn(),
            TextColumn("{task.completed:,} results"),
            TimeElapsedColumn(),
        )
        self._rich = Progress(
            *columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()
        )
        self._tasks: dict[str, object] = {}

    def __enter__(self) -> _progress:
        self._rich.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._rich.stop()

    def of(self, name: str) -> Tell:
        def update(side: str, count: int) -> None:
            if name not in self._tasks:
                self._tasks[name] = self._rich.add_task(name, total=None)
            self._rich.update(self._tasks[name], description=f"{name} ({side})", completed=count)  # type: ignore[arg-type]

        return update

    def end(self, verdict: Verdict) -> None:
        if verdict.name in self._tasks:
            self._rich.remove_task(self._tasks.pop(verdict.name))  # type: ignore[arg-type]
        print(verdict.line(), flush=True)
        for case in verdict.by_stock[:3]:
            print(
                f"    answered by stock: {case}\n        reasons: {verdict.engine['stock_calls']}"
            )
        for found in verdict.differences[:3]:
            print(f"    {found['case']}\n        {found['difference']}", flush=True)


def _below_floors(verdicts: list[Verdict], mode: cases.Mode) -> list[str]:
    floors = mode.floors()
    found = []
    for verdict in verdicts:
        if verdict.failure:
            continue
        if verdict.cases["windows"] < floors.get("windows", 0):
            found.append(
                f"{verdict.name}: {verdict.cases['windows']:,} windows, at least {floors['windows']:,} are wanted"
            )
        if verdict.pairs < floors.get("pairs", 0):
            found.append(
                f"{verdict.name}: a pair of options occurs {verdict.pairs} times, at least {floors['pairs']} are wanted"
            )
    return found


if __name__ == "__main__":
    sys.exit(main())
