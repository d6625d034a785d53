"""The benchmark prints a speed for equal ids and refuses one for others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from budtiktok_hf.cli.demo import train
from compat import faults

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench")
    (folder / "tokenizers" / "small").mkdir(parents=True)
    text = "def encode(text, pair=None):\n    return [text, pair]  # naïve café\n" * 200
    train(folder / "tokenizers" / "small", text)
    (folder / "corpora" / "code").mkdir(parents=True)
    (folder / "corpora" / "code" / "text.py").write_text(text, encoding="utf-8")
    return folder


def bench(folders: Path, what: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "benchmarks",
        what,
        "--only",
        "small",
        "--texts",
        "code",
        "--processes",
        "1",
    ]
    command += [
        "--tokenizers",
        str(folders / "tokenizers"),
        "--corpora",
        str(folders / "corpora"),
        "--megabytes",
        "0.02",
    ]
    return subprocess.run([*command, *arguments], cwd=ROOT, capture_output=True, text=True)


def row(done: subprocess.CompletedProcess[str]) -> list[str]:
    rows = [line for line in done.stdout.splitlines() if line.startswith("| small")]
    assert len(rows) == 1, done.stdout + done.stderr
    return [cell.strip() for cell in rows[0].strip("|").split("|")]


def test_a_speed_and_a_ratio_for_equal_ids(folders: Path) -> None:
    done = bench(folders, "engines", "--engines", "stock", "ours")
    assert done.returncode == 0, done.stderr
    cells = row(done)
    assert float(cells[2]) > 0
    assert cells[4].endswith("x") and cells[6].endswith("x")


def test_no_speed_for_other_ids(folders: Path) -> None:
    done = bench(folders, "engines", "--engines", "stock", "ours", "--fault", "ids")
    assert done.returncode == 1
    assert row(done)[3:5] == ["refused: other ids than stock", "–"]


@pytest.mark.parametrize("fault", ["offset", "ids"])
def test_no_speed_for_other_results_of_a_call(folders: Path, fault: str) -> None:
    assert fault in faults.FAULTS
    call = ("--calls", "encode_batch, ids and offsets")
    assert bench(folders, "calls", *call).returncode == 0
    done = bench(folders, "calls", *call, "--fault", fault)
    assert done.returncode == 1
    assert "refused: other results than stock" in row(done)
