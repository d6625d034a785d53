"""The harness itself: a plan that compares something, deaths of a worker that cost one case, keys of references."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers

from compat import (
    cases,
    edits,
    journal,
    loading,
    options,
    patched,
    process,
    reference,
    run,
    support_table,
)
from compat.corpora import Corpora, categories


def tokenizer(normalizer: Any) -> Tokenizer:
    made = Tokenizer(models.WordLevel({"a": 0, "b": 1, "the": 2, "[UNK]": 3}, unk_token="[UNK]"))
    made.normalizer = normalizer
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return made


@pytest.fixture
def subject(tmp_path: Path) -> Iterator[cases.Subject]:
    """A folder as most are: tokenizer.json and nothing else."""
    folder = tmp_path / "plain"
    folder.mkdir()
    tokenizer(normalizers.Lowercase()).save(str(folder / "tokenizer.json"))
    made = cases.Subject.of("plain", loading.load(folder))
    yield made
    made.loop.close()


def test_most_calls_of_the_plan_give_a_result(subject: cases.Subject) -> None:
    corpora = Corpora([(kind, "x", "The a b, été 東京!\n" * 60) for kind in ("code", "english")])
    called, raised = Counter(), Counter()
    for segment in cases.segments(subject, corpora, cases.MODES["sample"]):
        if segment.prepare:
            segment.prepare()
        if segment.label != "fresh" or segment.section != "windows":
            continue
        for case in segment.cases:
            call = case.run(subject)[0]["call"]
            called[case.row["call"]] += 1
            raised[case.row["call"]] += isinstance(call, tuple) and call[0] == "raises"
    assert set(called) == set(options.AXES["call"])
    assert {call for call in called if raised[call] * 2 > called[call]} == set()


def test_the_plan_adds_no_token_whose_form_is_empty_or_taken() -> None:
    lower = tokenizer(normalizers.Lowercase())
    lower.add_tokens([AddedToken("Ab", normalized=True)])
    assert edits.forms_are_sound(lower, lower.normalizer, ["Ab", "cd"])
    assert not edits.forms_are_sound(lower, lower.normalizer, ["ab"])
    assert edits.forms_are_sound(lower, None, ["ab"])
    strip = tokenizer(normalizers.Strip())
    assert not edits.forms_are_sound(strip, strip.normalizer, ["  "])


def test_a_normalizer_that_joins_two_forms_is_not_set() -> None:
    subject = tokenizer(normalizers.NFC())
    subject.add_tokens(["New", "new"])
    for name, make in edits.edits(subject):
        if name == "normalizer = Lowercase":
            make()
    assert isinstance(subject.normalizer, normalizers.NFC)


def test_an_edited_model_forgets_the_words_it_has_seen() -> None:
    # Else stock answers from its cache, and what it answers depends on the calls before.
    vocabulary = {"<unk>": 0, "a": 1}
    seen, unseen = (
        Tokenizer(models.BPE(vocabulary, [], unk_token="<unk>", fuse_unk=True)) for _ in range(2)
    )
    assert seen.encode("xyz").tokens == ["<unk>"]
    for each in (seen, unseen):
        dict(edits.edits(each))["model.fuse_unk = False"]()
    assert unseen.encode("xyz").tokens == ["<unk>"] * 3
    assert seen.encode("xyz").tokens == ["<unk>"] * 3


def test_a_case_that_kills_its_worker_twice_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    deadly = [("documents", 3), ("windows", 7)]
    once_only = [("windows", 1)]
    attempts = []

    def once(job: dict[str, Any], side: str, progress: process.Progress) -> dict[str, Any]:
        attempts.append(list(job["died"]))
        for case in [*once_only, *deadly]:
            if case not in job["died"]:
                if case in once_only:
                    once_only.remove(case)
                raise process._Died("killed", case)
        return {"died": job["died"]}

    monkeypatch.setattr(process, "_once", once)
    assert process.run({}, "stock", lambda side, count: None)["died"] == deadly
    assert len(attempts) == 6
    monkeypatch.setattr(process, "DEATHS", 1)
    with pytest.raises(process.WorkerFailed):
        process.run({}, "stock", lambda side, count: None)


def test_a_silent_worker_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "SILENCE", 1)
    sleeping = subprocess.Popen(
        [sys.executable, "-c", "import time; print('progress 5', flush=True); time.sleep(600)"],
        stdout=subprocess.PIPE,
    )
    told = []
    process._follow(sleeping, "stock", lambda side, count: told.append((side, count)))
    assert sleeping.wait() < 0
    assert told == [("stock", 5)]


def test_the_journal_names_the_case_under_way(tmp_path: Path) -> None:
    path = tmp_path / "at"
    assert journal.last(path) is None
    written = journal.Journal(path)
    written.begin("windows", 12345)
    assert journal.last(path) == ("windows", 12345)
    written.begin("files", 0)
    assert journal.last(path) == ("files", 0)
    written.preparing("windows")
    assert journal.last(path) is None


class Case:
    """Two results, the case's own number and its double."""

    results = 2

    def __init__(self, value: int) -> None:
        self.value = value

    def run(self, subject: Any) -> list[Any]:
        return [self.value, self.value * 2]

    def describe(self) -> str:
        return f"case {self.value}"


def test_cases_that_killed_stock_are_not_compared_and_ours_count(tmp_path: Path) -> None:
    segment = cases.Segment("windows", "fresh", [Case(value) for value in (1, 2, 3)])
    digests = b"".join(reference.result_digest(value) for value in (1, 2)) + reference.DIED * 2
    digests += b"".join(reference.result_digest(value) for value in (3, 7))
    engine = SimpleNamespace(accelerated=True, reasons=[])
    subject = SimpleNamespace(tok=None)
    tally = patched.Tally(subject, lambda tok: engine, journal.Journal(tmp_path / "at"), set())
    tally.run(segment, digests, relative=False)
    report = tally.report()
    assert (report["cases"]["windows"], report["mismatches"]["windows"]) == (4, 1)
    assert report["labels"] == ["windows 5 (fresh) case 3"]

    died = {("windows", 4)}
    tally = patched.Tally(subject, lambda tok: engine, journal.Journal(tmp_path / "at"), died)
    tally.run(segment, digests, relative=False)
    assert tally.report()["mismatches"]["windows"] == 2
    assert tally.report()["deaths"] == ["(fresh) case 3"]


def test_only_what_a_file_does_moves_the_key_of_references() -> None:
    plain = 'def f(x):\n    """One."""\n    return x + 1\n'
    commented = "# why\n\n\ndef f(x):\n    '''Other words.'''\n    return (x\n        + 1)\n"
    assert run._meaning(plain) == run._meaning(commented)
    assert run._meaning(plain) != run._meaning(plain.replace("1", "2"))


def test_texts_are_counted_by_origin_and_content() -> None:
    assert categories("plain", "real-world") == {"real-world": 1, "ASCII": 1}
    assert categories("\u200d\ufeff", "adversarial") == {
        "adversarial": 1, "Unicode": 1, "ZWJ": 1, "BOM": 1,
    }  # fmt: skip


def test_the_support_table_is_the_last_whole_runs() -> None:
    """The README's table is what `compat/results/full.json` gives, and that run was a whole one without a difference."""
    root = Path(__file__).resolve().parent.parent
    report = json.loads((root / "compat" / "results" / "full.json").read_text(encoding="utf-8"))
    assert (report["mode"], report["mismatches"], report["failures"]) == ("full", 0, [])
    readme = (root / "README.md").read_text(encoding="utf-8")
    assert support_table.replaced(readme, support_table.table(report)) == readme
