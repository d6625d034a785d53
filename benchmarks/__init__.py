"""Speeds, side by side: `python -m benchmarks engines | calls | load | growth`.

Every figure comes from processes of its own, one engine each, taking turns: on one core, bound by affinity, in processor time, so that
other work on the machine shifts it less; load and first call are wall time on all cores. The first pass is over text that is new to
the process; the repeat of it stands apart. Ids (calls: whole results) are compared with stock's before a speed is printed, and none
is printed if they differ.

| file | holds |
|---|---|
| `engines.py` | stock, ours, and the peers where they are installed: how each loads and gives ids |
| `calls.py` | transformers' calls |
| `texts.py` | what is encoded |
| `worker.py` | one process: one engine, one cell |
| `run.py` | processes taking turns, the check, medians |
| `__main__.py` | the command, the tables, `results.md` |
"""
