"""Rules of every suite: no network, no skip that is not allowed by name, and how many examples a property gets."""

from __future__ import annotations

import os
import sys
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


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(SkipRule(), "skip-rule")
