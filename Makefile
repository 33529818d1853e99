# Everything a contributor types. Needs Python 3.11+, git and make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
EXTRAS := $(VENV)/.extras

.PHONY: help docs demo test test-slow test-all lint bench-main bench-labels bench-agreement bench-active bench-weak clean

help:
	@echo "make demo          install tilth and run the main job on real scans"
	@echo "make test          install tilth and run the checks and tests"
	@echo "make test-all      the same, then the slow tests, with the optional libraries"
	@echo "make bench-main    figures against peers, written to benchmarks/RESULTS.md"
	@echo "make bench-labels  label errors against cleanlab, written to benchmarks/RESULTS-labels.md"
	@echo "make bench-active  active learning against scikit-activeml, written to benchmarks/RESULTS-active.md"
	@echo "make bench-weak    weak supervision against snorkel, written to benchmarks/RESULTS-weak.md"
	@echo "make bench-agreement  agreement and consensus against peers, written to benchmarks/RESULTS-agreement.md"

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet -c constraints.txt --group dev -e .
	@touch $@

demo: $(STAMP)
	$(BIN)/tilth demo

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint
	$(BIN)/pytest -m "not slow"

# torch first, so that nothing pulls a larger build of it
$(EXTRAS): $(STAMP)
	$(BIN)/pip install --quiet -c constraints.txt torch
	$(BIN)/pip install --quiet -c constraints.txt -e ".[text,image]"
	@touch $@

test-slow: $(EXTRAS)
	$(BIN)/pytest -m slow

test-all: test test-slow

bench-main: $(STAMP)
	$(BIN)/python benchmarks/main.py

bench-labels: $(STAMP)
	$(BIN)/python benchmarks/labels.py

bench-agreement: $(STAMP)
	$(BIN)/python benchmarks/agreement.py

# the pages that are written from the code
docs: $(STAMP)
	$(BIN)/python scripts/reference.py

bench-active: $(STAMP)
	$(BIN)/python benchmarks/active.py

bench-weak: $(STAMP)
	$(BIN)/python benchmarks/weak.py

clean:
	rm -rf $(VENV) .venv-peers .venv-peers-active .venv-peers-agreement .venv-peers-weak tilth-demo .pytest_cache .mypy_cache .ruff_cache
