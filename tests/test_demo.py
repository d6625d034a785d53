"""The demo and the README's block of it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def demo(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "budtiktok_hf", "demo", "--megabytes", "0.6", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True
    )


def masked(text: str) -> str:
    """Numbers are the machine's; so is whether an engine is there at all, which other tests judge."""
    text = re.sub(r"\d[\d,]*(\.\d+)?", "N", text)
    text = re.sub(r"accelerated  .*", "accelerated  …", text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def test_the_readme_shows_what_the_demo_prints() -> None:
    done = demo(DEMO_MIN_RATIO="0")
    assert done.returncode == 0, done.stderr
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"\$ make demo\n(.*?)```", readme, re.S)
    assert found, "README.md has no block that starts with `$ make demo`"
    assert masked(found.group(1)) == masked(done.stdout)


def test_too_low_a_ratio_is_a_failure() -> None:
    done = demo(DEMO_MIN_RATIO="100000")
    assert done.returncode == 3
    assert "DEMO_MIN_RATIO" in done.stderr


def test_a_model_can_be_named_and_an_unequal_field_is_a_failure(tmp_path: Path) -> None:
    from budtiktok_hf.cli.demo import train

    train(tmp_path, "def encode(text):\n    return text\n" * 50)
    assert demo(str(tmp_path), DEMO_MIN_RATIO="0").returncode == 0
    # The same command in a process whose `patch()` brings a wrong answer with it.
    code = f"""
import sys, budtiktok_hf
from compat import faults
from budtiktok_hf.cli import main, loading
real, patched = loading.load, budtiktok_hf.patched
from contextlib import contextmanager
@contextmanager
def spoilt():
    with patched():
        remove = faults.install("offset", real({str(tmp_path)!r}))
        try:
            yield
        finally:
            remove()
budtiktok_hf.patched = spoilt
sys.exit(main(["demo", {str(tmp_path)!r}, "--megabytes", "0.3"]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"DEMO_MIN_RATIO": "0"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "UNEQUAL" in done.stderr and ".offsets[" in done.stderr
    assert "MB/s" not in done.stdout
