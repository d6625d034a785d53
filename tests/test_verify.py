"""`python -m budtiktok_hf verify`: nothing to report where all is equal, else the smallest failing case."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import budtiktok_hf
from budtiktok_hf import cli
from budtiktok_hf.cli import texts, verify
from budtiktok_hf.cli.demo import train
from compat import faults

TEXT = "def encode(text, pair=None):\n    '''naïve café 東京'''\n    return [text, pair]\n" * 80


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    train(folder, TEXT)
    return folder


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "text.py"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_equal(model: Path, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "case.json"
    assert cli.main(["verify", str(model), str(file), "--out", str(out)]) == 0
    assert f"{2 * len(verify.CALLS)} calls, 0 differ" in capsys.readouterr().out
    assert not out.exists()


def test_a_difference_is_made_small_and_written(
    model: Path, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A patched side that is wrong wherever the text holds an accent."""
    real = budtiktok_hf.patched

    def spoil(state: dict[str, Any]) -> None:
        if any("Ã" in token for token in state["tokens"]):
            state["ids"][0] += 1

    monkeypatch.setitem(faults.FAULTS, "accent", spoil)

    @contextmanager
    def patched() -> Iterator[None]:
        with real():
            remove = faults.install("accent", None)
            try:
                yield
            finally:
                remove()

    monkeypatch.setattr(budtiktok_hf, "patched", patched)
    out = tmp_path / "case.json"
    assert cli.main(["verify", str(model), str(file), "--out", str(out)]) == 1
    case = json.loads(out.read_text())
    assert case["call"] == "encode"
    assert case["text"] in ("ï", "é")
    assert case["difference"].startswith(".ids[0]: expected ")


def test_documents_are_all_of_the_text_in_small_parts() -> None:
    text = "".join(f"línea {number} 東京\n" for number in range(2000)) + "é" * 5000
    parts = texts.documents(text)
    assert "".join(parts) == text
    assert max(len(part.encode()) for part in parts) <= texts.DOCUMENT_BYTES


def test_what_is_missing_is_said(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "latin").write_bytes(b"\xff\xfe\xe9")
    assert cli.main(["verify", str(model), str(tmp_path / "latin")]) == 2
    assert "no UTF-8 text" in capsys.readouterr().err
    assert cli.main(["verify", str(model), str(tmp_path / "nothing")]) == 2


def test_info_and_tokenize(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["info", str(model)]) == 0
    assert "tokenizers" in capsys.readouterr().out
    assert cli.main(["tokenize", str(model), "def é", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [token["offsets"] for token in shown["tokens"]][0] == [0, 3]
    assert cli.main(["tokenize", str(model), "def é"]) == 0
    assert "'def'" in capsys.readouterr().out
