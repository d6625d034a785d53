"""Fetches the test mixins of the installed transformers: its source distribution, through pip."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from importlib.metadata import version
from pathlib import Path, PurePosixPath

PACKAGE = "upstream_tests"
"""What the mixins are imported from; they look for a folder whose name ends in `tests`."""

WANTED = (
    "test_tokenization_common.py",
    "test_tokenizers_backend_mixin.py",
    "test_sentencepiece_backend_mixin.py",
)
"""Of 4.57 only the first exists."""

SAMPLE = """A text of a few lines, for the tests that encode the lines of a file.
It has numbers: 3.14, 1,234 and 2024; and it's got "quotes".

    Indented, with  two spaces, and naïve café words.
Привет, мир! 東京 and 😀 end it.
"""


def fetch(cache: Path) -> Path:
    """The folder that holds the package, fetched once a version."""
    folder = cache / f"transformers-{version('transformers')}"
    package = folder / PACKAGE
    if (package / "__init__.py").exists():
        return folder
    with tempfile.TemporaryDirectory() as download:
        subprocess.run(
            [
                *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"),
                *("--no-binary", ":all:", "--dest", download),
                f"transformers=={version('transformers')}",
            ],
            check=True,
        )
        (archive,) = Path(download).glob("transformers-*.tar.gz")
        package.mkdir(parents=True, exist_ok=True)
        with tarfile.open(archive) as tar:
            for member in tar:
                path = PurePosixPath(member.name)
                if path.name in WANTED and path.parts[1:] == ("tests", path.name):
                    content = tar.extractfile(member)
                    if content is not None:
                        (package / path.name).write_bytes(content.read())
    if not (package / WANTED[0]).exists():
        raise RuntimeError("the source distribution has no tokenizer tests")
    fixtures = package / "fixtures"
    fixtures.mkdir(exist_ok=True)
    (fixtures / "sample_text.txt").write_text(SAMPLE, encoding="utf-8")
    # Last: it says that all is there.
    (package / "__init__.py").write_text("")
    return folder
