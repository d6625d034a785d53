"""Real tokenizers, real texts, every option: patched against stock, field by field.

`python -m compat --tokenizers DIR --corpora DIR` runs two processes a tokenizer. The reference process never
imports `budtiktok_hf`; it leaves a digest a case on disk. The patched process runs the same cases and compares digests; where one
differs, the reference process runs that case again and the first difference is shown.

| file | holds |
|---|---|
| `corpora.py` | texts: documents of at most 4 KB, windows, texts made from the vocabulary |
| `options.py` | the axes of a window's options and their draw |
| `edits.py` | added tokens at run time, components changed in place |
| `cases.py` | the plan of a tokenizer: which cases, in which order; how one is run |
| `reference.py` | stock's side: a digest a result |
| `patched.py` | our side, compared with the digests |
| `worker.py`, `journal.py` | one process, one tokenizer, one side; which case it is at |
| `process.py` | runs workers; a case that kills its worker costs no other case |
| `counters.py` | how often stock's own encode methods answered |
| `faults.py` | wrong answers on purpose, so that a test can see compat report them |
| `run.py`, `__main__.py` | all tokenizers, floors, the report |
| `support_table.py` | the README's table from the report |
| `upstream/` | transformers' own tests, stock and patched |
"""
