"""The rule on skips: an unlisted skip or xfail fails the run, an ignored Rust test must be listed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
LISTED = tomllib.loads((ROOT / "tests" / "allowed_skips.toml").read_text())


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("def test_a(): pass", 0),
        ("import pytest\n@pytest.mark.skip(reason='why')\ndef test_a(): pass", 1),
        ("import pytest\n@pytest.mark.xfail\ndef test_a(): assert False", 1),
        ("import pytest\npytest.importorskip('no_such_module')\ndef test_a(): pass\n", 1),
    ],
)
def test_an_unlisted_skip_fails_the_run(tmp_path: Path, body: str, code: int) -> None:
    (tmp_path / "test_one.py").write_text(body)
    (tmp_path / "test_two.py").write_text("def test_b(): pass")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "conftest", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "--rootdir", str(tmp_path), str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert ("does not allow" in done.stdout) == bool(code)


def test_every_entry_has_a_reason() -> None:
    for kind in ("skip", "ignored"):
        for entry in LISTED.get(kind, []):
            assert entry["test"] and len(entry["reason"]) > 10


def test_ignored_rust_tests_are_listed() -> None:
    found = set()
    for path in sorted((ROOT / "rust").rglob("*.rs")):
        if "target" not in path.parts:
            for name in re.findall(
                r"#\[ignore[^\]]*\]\s*(?:#\[[^\]]*\]\s*)*fn (\w+)", path.read_text()
            ):
                found.add(f"{path.relative_to(ROOT).as_posix()}::{name}")
    assert found == {entry["test"] for entry in LISTED.get("ignored", [])}
