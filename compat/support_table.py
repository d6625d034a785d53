"""The README's support table, from a report of compat: `python -m compat.support_table [--report FILE] [--write README.md]`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from compat.run import ROOT

START, END = "<!-- support: made by `make support-table` -->", "<!-- end of support -->"


def table(report: dict[str, Any]) -> str:
    """A line that sums up, then a row a tokenizer: accelerated ones first."""
    tokenizers = sorted(
        report["tokenizers"].values(), key=lambda row: (not row["accelerated"], row["name"])
    )
    versions = ", ".join(f"{name} {number}" for name, number in report["versions"].items())
    kind = "the whole matrix" if report["mode"] == "full" else f"a {report['mode']} of the matrix"
    lines = [
        f"{report['accelerated']} of {len(tokenizers)} real tokenizers accelerated; {report['cases']:,} results compared "
        f"({kind}), {report['mismatches']:,} differ ({report['date']}, {versions}).",
        "",
        "| tokenizer | model | pre-tokenizer | served by | compared | differ |",
        "|---|---|---|---|---|---|",
    ]
    for row in tokenizers:
        engine = row["engine"]
        why = next(filter(None, (*engine.get("reasons", ()), row["reason"], row["failure"])), "")
        served = "engine" if row["accelerated"] else f"stock: {why}"
        scanner = engine.get("pre_tokenizer") if row["accelerated"] else None
        compared = sum(row["cases"].values())
        lines.append(
            f"| {row['name']} | {engine.get('model') or '–'} | {scanner or '–'} | {served} | {compared:,} "
            f"| {row['mismatches']:,} |"
        )
    return "\n".join(lines)


def replaced(text: str, made: str) -> str:
    """`text` with what stands between the two marks replaced."""
    before, _, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not end:
        raise SystemExit(f"no {START} … {END} to write between")
    return f"{before}{START}\n{made}\n{END}{after}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m compat.support_table", description=__doc__)
    parser.add_argument("--report", type=Path, default=ROOT / "compat" / "results" / "full.json")
    parser.add_argument("--write", type=Path, metavar="README", help="put the table into this file")
    options = parser.parse_args()
    made = table(json.loads(options.report.read_text(encoding="utf-8")))
    if options.write is None:
        print(made)
    else:
        text = options.write.read_text(encoding="utf-8")
        options.write.write_text(replaced(text, made), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
