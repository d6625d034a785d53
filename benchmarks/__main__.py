"""`python -m benchmarks WHAT`: tables on standard output, and with `--write` in results.md. Exit code 1 if ours was refused a speed."""

from __future__ import annotations

import argparse
import atexit
import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import calls, engines, texts
from benchmarks.run import ROOT, Row, calls_interleaved, interleaved
from budtiktok_hf.cli import progress
from compat import faults

RESULTS = ROOT / "benchmarks" / "results.md"
ROAD = ["gpt2", "llama-3", "qwen2.5", "bert-base-uncased"]
KINDS = ["english", "code", "multilingual"]
CALLS_A_PROCESS = 7
"""Each has a share of the text to itself."""


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    with tempfile.TemporaryDirectory() as folder:
        if options.tokenizers is None:
            options.tokenizers, options.only = _own_tokenizer(Path(folder)), ["demo"]
        if options.corpora is None:
            options.texts = ["python sources"]
        wanted = ["engines", "calls", "load", "growth"] if options.what == "all" else [options.what]
        refused = 0
        for what in wanted:
            lines, bad = {"engines": _engines, "calls": _calls, "load": _load, "growth": _growth}[
                what
            ](options)
            refused += bad
            print("\n".join(lines), flush=True)
            if options.write:
                _write(what, lines)
    return 1 if refused else 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    fixtures = os.environ.get("BUDTIKTOK_FIXTURES")
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Speeds side by side; none is printed for wrong ids.",
    )
    parser.add_argument(
        "what", nargs="?", default="all", choices=["all", "engines", "calls", "load", "growth"]
    )
    parser.add_argument(
        "--tokenizers", type=Path, default=Path(fixtures, "tokenizers") if fixtures else None
    )
    parser.add_argument(
        "--corpora", type=Path, default=Path(fixtures, "corpora") if fixtures else None
    )
    parser.add_argument("--only", nargs="+", metavar="NAME", default=ROAD, help="tokenizers")
    parser.add_argument("--texts", nargs="+", metavar="KIND", default=KINDS, help="kinds of text")
    parser.add_argument(
        "--calls", nargs="+", metavar="CALL", default=calls.names(), help="of `calls`: which"
    )
    parser.add_argument(
        "--engines", nargs="+", default=engines.installed(), choices=list(engines.ENGINES)
    )
    parser.add_argument(
        "--megabytes", type=float, default=2.0, help="of text a process (default 2)"
    )
    parser.add_argument(
        "--processes", type=int, default=5, help="of each engine (load: at least 11)"
    )
    parser.add_argument(
        "--threads", type=int, default=1, help="of `calls`: with more than one, wall time"
    )
    parser.add_argument(
        "--added", type=int, default=0, metavar="N", help="load: with N tokens added first"
    )
    parser.add_argument(
        "--fault", choices=sorted(faults.FAULTS), help="spoil ours: it must be refused a speed"
    )
    parser.add_argument("--write", action="store_true", help="put the tables into results.md")
    return parser.parse_args(arguments)


def _job(options: argparse.Namespace, cell: str, name: str, text: str = "") -> dict[str, Any]:
    return {
        "cell": cell, "tokenizer": str((options.tokenizers / name).resolve()), "text": text, "megabytes": options.megabytes,
        "corpora": str(options.corpora.resolve()) if options.corpora else None, "fault": options.fault,
    }  # fmt: skip


def _engines(options: argparse.Namespace) -> tuple[list[str], int]:
    names = [name for name in engines.ENGINES if name in {"stock", "ours", *options.engines}]
    head = [
        "tokenizer",
        "text",
        *(f"{name} MB/s" for name in names),
        "ours / stock",
        "repeat: ours MB/s",
        "ours / stock",
    ]
    lines, refused = (
        _title(
            "Engines: ids as lists, one core, processor time, documents of 2 KB, first pass over new text",
            options,
            head,
        ),
        0,
    )
    for name in options.only:
        for text in options.texts:
            rows = _measured(
                _job(options, "engines", name, text), names, options.processes, f"{name}, {text}"
            )
            cells = [_speed(rows[engine]) for engine in names]
            lines.append(
                _line(
                    [
                        name,
                        text,
                        *cells,
                        _ratio(rows),
                        _speed(rows["ours"], repeat=True),
                        _ratio(rows, repeat=True),
                    ]
                )
            )
            refused += bool(rows["ours"].refused)
    return lines, refused


def _calls(options: argparse.Namespace) -> tuple[list[str], int]:
    names = [
        name for name in engines.BEHIND_TRANSFORMERS if name in {"stock", "ours", *options.engines}
    ]
    peers = [name for name in names if name not in ("stock", "ours")]
    head = ["tokenizer", "call", "text", "stock MB/s", "ours MB/s", "ours / stock", "repeat"]
    head += [cell for peer in peers for cell in (f"{peer} MB/s", f"ours / {peer}", "repeat")]
    title = (
        "Calls: one core, processor time, documents of 2 KB, first pass over new text"
        if options.threads == 1
        else f"Calls: {options.threads} threads, wall time, documents of 2 KB, first pass over new text"
    )
    lines, refused = _title(title, options, head), 0
    for name, text in product(options.only, options.texts):
        for start in range(0, len(options.calls), CALLS_A_PROCESS):
            job = _job(options, "calls", name, text) | {
                "calls": options.calls[start : start + CALLS_A_PROCESS],
                "threads": options.threads,
            }
            for call, rows in _measured(
                job, names, options.processes, f"{name}, {text}", calls_interleaved
            ).items():
                cells = [_speed(rows["stock"]), _speed(rows["ours"])]
                cells += [_ratio(rows), _ratio(rows, repeat=True)]
                for peer in peers:
                    cells += [
                        _speed(rows[peer]),
                        _ratio(rows, peer),
                        _ratio(rows, peer, repeat=True),
                    ]
                lines.append(_line([name, f"`{call}`", text, *cells]))
                refused += bool(rows["ours"].refused)
    return lines, refused


def _load(options: argparse.Namespace) -> tuple[list[str], int]:
    head = [
        "tokenizer",
        "stock ms",
        "ours ms",
        "ours / stock",
        "stock MB",
        "ours MB",
        "more MB",
        "import + patch ms",
    ]
    title = "Load and first call: `AutoTokenizer.from_pretrained`, wall time, all cores; resident memory after the first call"
    lines = _title(title, options, head)
    if options.added:
        options.tokenizers = _with_added(options)
    for name in options.only:
        rows = _measured(
            _job(options, "load", name),
            ["stock", "ours"],
            max(11, options.processes),
            f"{name}, load",
        )
        stock, ours = (
            lambda key, engine=engine: median(run[key] for run in rows[engine].runs)
            for engine in ("stock", "ours")
        )
        cells = [
            f"{stock('first') * 1e3:.0f}",
            f"{ours('first') * 1e3:.0f}",
            f"{ours('first') / stock('first'):.2f}",
        ]
        cells += [
            f"{stock('resident'):.0f}",
            f"{ours('resident'):.0f}",
            f"{ours('resident') - stock('resident'):+.0f}",
        ]
        lines.append(_line([name, *cells, f"{(ours('import') + ours('patch')) * 1e3:.0f}"]))
    return lines, 0


def _with_added(options: argparse.Namespace) -> Path:
    """A folder of the same tokenizers with more added tokens, made by stock."""
    from transformers import AutoTokenizer

    folder = Path(tempfile.mkdtemp(prefix="added-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name in options.only:
        tok = AutoTokenizer.from_pretrained(str(options.tokenizers / name))
        tok.add_tokens([f"<added_{number}>" for number in range(options.added)])
        tok.save_pretrained(str(folder / name))
    return folder


def _growth(options: argparse.Namespace) -> tuple[list[str], int]:
    head = ["tokenizer", "text", "t(2 MB) / t(1 MB)", "t(4 MB) / t(2 MB)"]
    lines = _title("Growth: processor seconds for twice the text, ours, one text", options, head)
    for name in options.only:
        for text in texts.GROWTH:
            rows = _measured(
                _job(options, "growth", name, text), ["ours"], options.processes, f"{name}, {text}"
            )
            seconds = [
                median(run["seconds"][step] for run in rows["ours"].runs) for step in range(3)
            ]
            lines.append(
                _line(
                    [name, text, f"{seconds[1] / seconds[0]:.2f}", f"{seconds[2] / seconds[1]:.2f}"]
                )
            )
    return lines, 0


def _measured(
    job: dict[str, Any],
    names: list[str],
    processes: int,
    what: str,
    run: Callable[..., dict[str, Any]] = interleaved,
) -> dict[str, Any]:
    """What `run` gives: a row an engine, or such rows for each call."""
    with progress.bar() as bar:
        task = bar.add_task(what, total=processes * len(names))
        return run(job, names, processes, lambda: bar.advance(task))


def _speed(row: Row, repeat: bool = False) -> str:
    if row.refused:
        return f"refused: {row.refused}"
    by_stock = " (stock served)" if row.stock_calls else ""
    return f"{row.repeat_speed if repeat else row.first_speed:.1f}{by_stock}"


def _ratio(rows: dict[str, Row], to: str = "stock", *, repeat: bool = False) -> str:
    other, ours = rows[to], rows["ours"]
    if ours.refused or other.refused:
        return "–"
    return f"{other.repeat / ours.repeat:.1f}x" if repeat else f"{other.first / ours.first:.1f}x"


def _title(title: str, options: argparse.Namespace, head: list[str]) -> list[str]:
    peers = [
        f"{name} {version(name)}"
        for name in ("tokenizers", "transformers", *options.engines)
        if name not in ("stock", "ours")
    ]
    command = f"python -m benchmarks {shlex.join(_shown_arguments())}"
    about = f"{date.today().isoformat()}; `{command}`; {options.processes} processes of each, medians; {_processor()}; {', '.join(peers)}"
    return [f"## {title}", "", about, "", _line(head), _line(["---"] * len(head))]


def _shown_arguments() -> list[str]:
    """The command's arguments with this machine's folders left out."""
    shown = [Path(argument).name if "/" in argument else argument for argument in sys.argv[1:]]
    return [argument for argument in shown if argument != "--write"]


def _processor() -> str:
    try:
        found = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found.group(1).strip() if found else "unknown processor"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _write(what: str, lines: list[str]) -> None:
    """Replaces one table of results.md, or adds it."""
    start, end = f"<!-- {what} -->", f"<!-- end of {what} -->"
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else "# Measured\n"
    table = "\n".join([start, *lines, end])
    if start in text:
        text = text[: text.index(start)] + table + text[text.index(end) + len(end) :]
    else:
        text = f"{text.rstrip()}\n\n{table}\n"
    RESULTS.write_text(text, encoding="utf-8")


def _own_tokenizer(folder: Path) -> Path:
    """Where there are no fixtures: the demo's tokenizer."""
    from budtiktok_hf.cli import demo
    from budtiktok_hf.cli import texts as sources

    (folder / "demo").mkdir()
    demo.train(folder / "demo", sources.read(sources.standard_library(), demo.TRAINING_BYTES))
    return folder


if __name__ == "__main__":
    sys.exit(main())
