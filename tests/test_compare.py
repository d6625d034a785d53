"""The comparer, and proof that it can fail: each wrong field is found, by compat, verify and the benchmark."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from budtiktok_hf import compare
from compat import faults

ROOT = Path(__file__).resolve().parent.parent
WORDS = [
    "[UNK]",
    "[PAD]",
    "[CLS]",
    "[SEP]",
    "the",
    "quick",
    "fox",
    "jump",
    "##s",
    "over",
    "lazy",
    "dog",
    "a",
    "##b",
    "c",
]
TEXT = "the quick fox jumps over the lazy dog ab c"


def word_piece() -> Tokenizer:
    tokenizer = Tokenizer(
        models.WordPiece({word: id for id, word in enumerate(WORDS)}, unk_token="[UNK]")
    )
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.add_special_tokens(["[UNK]", "[PAD]", "[CLS]", "[SEP]"])
    return tokenizer


def padded_and_truncated() -> Any:
    tokenizer = word_piece()
    tokenizer.enable_truncation(6, stride=1)
    tokenizer.enable_padding(length=8, pad_id=1, pad_token="[PAD]")
    return tokenizer.encode(TEXT)


def test_fields_are_all_that_an_encoding_has() -> None:
    encoding = word_piece().encode(TEXT)
    shown = {name for name in dir(encoding) if not name.startswith("_")}
    assert shown - {"merge", "pad", "truncate", "set_sequence_id"} == {
        *compare.FIELDS,
        *compare.QUERIES,
    }


def test_equal_encodings_have_no_difference_and_one_digest() -> None:
    left, right = padded_and_truncated(), padded_and_truncated()
    assert left.overflowing
    assert compare.compare_encodings(left, right, range(50)) is None
    assert compare.digest(compare.plain(left)) == compare.digest(
        compare.plain(copy.deepcopy(right))
    )


@pytest.mark.parametrize(
    ("fault", "path"),
    [
        ("ids", ".ids[7]"),
        ("offset", ".offsets[7][1]"),
        ("word_id", ".word_ids[0]"),
        ("overflow", ".overflowing"),
        ("padding_side", ".ids[0]"),
    ],
)
def test_a_fault_in_one_field_is_named(fault: str, path: str) -> None:
    right = padded_and_truncated()
    wrong = faults.spoil(right, faults.FAULTS[fault])
    found = compare.compare_encodings(right, wrong)
    assert found is not None
    assert found.path == path
    assert compare.digest(compare.plain(right)) != compare.digest(compare.plain(wrong))
    assert compare.compare_encodings(right, faults.spoil(right, lambda state: None)) is None


def test_a_fault_in_an_overflow_is_found_with_its_path() -> None:
    right = padded_and_truncated()

    def spoil(state: dict[str, Any]) -> None:
        state["overflowing"][1]["offsets"][2][0] += 1

    found = compare.compare_encodings(right, faults.spoil(right, spoil))
    assert found is not None
    assert found.path == ".overflowing[1].offsets[2][0]"


def test_a_wrong_query_is_found() -> None:
    encoding = word_piece().encode(TEXT)

    class Encoding:
        def __getattr__(self, name: str) -> Any:
            return getattr(encoding, name)

        def __len__(self) -> int:
            return len(encoding)

        def word_to_chars(self, word: int, sequence: int = 0) -> Any:
            found = encoding.word_to_chars(word, sequence)
            return found and (found[0], found[1] + (word == 3))

    assert compare.compare_encodings(encoding, Encoding()) is None
    found = compare.compare_encodings(encoding, Encoding(), range(5))
    assert found is not None
    assert found.path == ".queries.word_to_chars[3][1]"


def test_types_count() -> None:
    assert str(compare.difference([True], [1])) == "[0]: expected True, got 1"
    assert str(compare.difference([(1, 2)], [[1, 2]])) == "[0]: expected (1, 2), got [1, 2]"
    assert str(compare.difference({"a": 1}, {"b": 1})) == ".a: expected 1, got nothing"
    assert str(compare.difference({"a": 1, "b": 2}, {"b": 2, "a": 1})) == (
        "result: expected keys ['a', 'b'], got keys ['b', 'a']"
    )
    assert str(compare.difference([1], [1, 2])) == "result: expected 1 items, got 2 items"
    assert compare.digest([1]) != compare.digest([True]) != compare.digest((True,))


def test_exceptions_count_by_type_and_text() -> None:
    def fail(error: BaseException) -> Any:
        def call() -> Any:
            raise error

        return call

    assert compare.compare_calls(fail(ValueError("a")), fail(ValueError("a"))) is None
    assert str(compare.compare_calls(fail(ValueError("a")), fail(ValueError("b")))) == (
        "[2]: expected 'a', got 'b'"
    )
    assert compare.compare_calls(fail(ValueError("a")), fail(TypeError("a"))) is not None
    assert compare.compare_calls(fail(ValueError("a")), lambda: 1) is not None
    # Stock panics here; ours is to raise ValueError, whatever its text.
    tokenizer = word_piece()
    tokenizer.enable_truncation(3, stride=1)
    stock = lambda: tokenizer.encode(TEXT)
    panic = compare.outcome(stock)
    if isinstance(panic, compare.Raised) and panic.type in compare.PANICS:
        assert compare.compare_calls(stock, fail(ValueError("ours"))) is None
        assert compare.compare_calls(stock, fail(TypeError("ours"))) is not None


def test_batch_encodings_compare_with_their_encodings() -> None:
    tok = PreTrainedTokenizerFast(tokenizer_object=word_piece(), pad_token="[PAD]")
    texts = [TEXT, "a quick fox"]
    assert (
        compare.compare_calls(
            lambda: tok(texts, padding=True), lambda: tok(texts, padding=True), range(9)
        )
        is None
    )
    found = compare.compare_calls(lambda: tok(texts), lambda: tok([TEXT, "a lazy fox"]))
    assert found is not None
    assert found.path.startswith(".data.input_ids[1]")


@pytest.fixture(scope="module")
def fixtures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of one small tokenizer and small texts, laid out as real ones are."""
    folder = tmp_path_factory.mktemp("fixtures")
    (folder / "tokenizers" / "small").mkdir(parents=True)
    tokenizer = word_piece()
    tokenizer.add_tokens([AddedToken("<x>", lstrip=True)])
    tokenizer.save(str(folder / "tokenizers" / "small" / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
    }
    (folder / "tokenizers" / "small" / "tokenizer_config.json").write_text(json.dumps(config))
    for kind in ("code", "english", "math", "multilingual", "structured", "unicode"):
        (folder / "corpora" / kind).mkdir(parents=True)
        (folder / "corpora" / kind / "text.txt").write_text(
            f"{TEXT} <x> {kind}, été 東京!\n" * 60, encoding="utf-8"
        )
    return folder


def run_compat(fixtures: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "compat", "--tokenizers", str(fixtures / "tokenizers")]
    command += [
        "--corpora",
        str(fixtures / "corpora"),
        "--cache",
        str(fixtures / "cache"),
        *arguments,
    ]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_compat_finds_nothing_where_nothing_is_wrong(fixtures: Path) -> None:
    done = run_compat(fixtures, "--sample", "--json", str(fixtures / "report.json"))
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((fixtures / "report.json").read_text())
    assert report["mismatches"] == 0
    assert report["tokenizers"]["small"]["cases"]["windows"] == 1008
    assert report["tokenizers"]["small"]["stock_calls"] == 0


@pytest.mark.parametrize("fault", sorted(faults.FAULTS))
def test_compat_reports_each_fault(fixtures: Path, fault: str) -> None:
    done = run_compat(
        fixtures, "--sample", "--fault", fault, "--json", str(fixtures / "fault.json")
    )
    assert done.returncode == 1, done.stdout + done.stderr
    small = json.loads((fixtures / "fault.json").read_text())["tokenizers"]["small"]
    assert small["mismatches"] > 10
    paths = " ".join(found["difference"] for found in small["differences"])
    wanted = {
        "ids": ".ids[",
        "offset": ".offsets[",
        "word_id": ".word_ids[",
        "overflow": ".overflowing",
    }
    assert wanted.get(fault, "expected") in paths


def test_compat_demands_its_floors(fixtures: Path) -> None:
    from compat.__main__ import _below_floors
    from compat.cases import MODES
    from compat.run import Verdict

    few = Verdict("few", cases={"documents": 1, "files": 1, "windows": 19_999}, pairs=99)
    enough = Verdict("enough", cases={"documents": 1, "files": 1, "windows": 20_000}, pairs=100)
    assert len(_below_floors([few, enough], MODES["full"])) == 2
    assert _below_floors([few, enough], MODES["quick"]) == []


def test_the_plan_of_a_full_run_reaches_its_floors() -> None:
    from compat import options
    from compat.cases import MODES, window_rows

    rows = window_rows("any", MODES["full"])
    assert len(rows) >= 20_000
    assert options.pair_floor(rows) >= 100
