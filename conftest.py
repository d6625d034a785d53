"""Rules of every suite: no network, no skip that is not allowed by name, and how many examples a property gets."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
# Stock panics in some tests, which is expected; a backtrace of each takes its time.
os.environ["RUST_BACKTRACE"] = "0"

_SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)
settings.register_profile(
    "test", max_examples=300, deadline=None, derandomize=True, suppress_health_check=_SLOW
)
settings.register_profile(
    "long", max_examples=10_000, deadline=None, derandomize=True, suppress_health_check=_SLOW
)
settings.register_profile("fuzz", max_examples=10_000, deadline=None, suppress_health_check=_SLOW)
settings.load_profile(os.environ.get("BUDTIKTOK_TEST_PROFILE", "test"))

ALLOWED = Path(__file__).parent / "tests" / "allowed_skips.toml"


def allowed_skips() -> dict[str, str]:
    """Reason by test: its node id, a parametrized one with or without its brackets."""
    return {
        entry["test"]: entry["reason"]
        for entry in tomllib.loads(ALLOWED.read_text()).get("skip", [])
    }


class SkipRule:
    """Collects skips and xfails, and fails the run for those that are not in the list."""

    def __init__(self) -> None:
        self.allowed = allowed_skips()
        self.refused: list[str] = []

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.skipped or hasattr(report, "wasxfail"):
            self._judge(report.nodeid, report.longrepr)

    def pytest_collectreport(self, report: Any) -> None:
        if report.skipped:
            self._judge(report.nodeid, report.longrepr)

    def _judge(self, test: str, why: Any) -> None:
        if test not in self.allowed and test.split("[")[0] not in self.allowed:
            self.refused.append(f"{test}: {why[-1] if isinstance(why, tuple) else 'xfail'}")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.refused and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self.refused:
            terminalreporter.section(
                f"skips and xfails that {ALLOWED.name} does not allow", red=True
            )
            for line in self.refused:
                terminalreporter.line(line)


class Report:
    """Writes what a run compared: versions, date, and for each test its outcome and counts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tests: dict[str, dict[str, Any]] = {}

    def pytest_runtest_logreport(self, report: Any) -> None:
        test = self.tests.setdefault(report.nodeid.split("[")[0], {"failed": 0, "seconds": 0.0})
        test["failed"] += report.failed
        test["seconds"] = round(test["seconds"] + report.duration, 1)

    def pytest_sessionfinish(self) -> None:
        from importlib.metadata import version

        counts = sys.modules.get("generators.counts")
        for name, kinds in counts.COUNTS.items() if counts else ():
            self.tests.setdefault(name, {})["counts"] = dict(sorted(kinds.items()))
        written = {
            "date": time.strftime("%Y-%m-%d"),
            "profile": os.environ.get("BUDTIKTOK_TEST_PROFILE", "test"),
            "versions": {
                name: version(name) for name in ("tokenizers", "transformers", "hypothesis")
            },
            "tests": {name: test for name, test in self.tests.items() if "counts" in test},
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(written, indent=1, ensure_ascii=False) + "\n")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(SkipRule(), "skip-rule")
    if path := os.environ.get("BUDTIKTOK_TEST_REPORT"):
        config.pluginmanager.register(Report(Path(path)), "report")
