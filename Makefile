# Everything a contributor types. Needs Python 3.11+, git and make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
EXTRAS := $(VENV)/.extras
# as many worker processes as cores, one thread each
PYTEST := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 $(BIN)/pytest -n auto --dist loadfile

.PHONY: help docs demo test test-slow test-all lint bench-main bench-labels bench-agreement bench-active bench-weak bench-augment clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | awk -F '\t' '{ printf "make %-16s %s\n", $$1, $$2 }'

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet -c constraints.txt --group dev -e .
	@touch $@

demo: $(STAMP) ## install tilth and run the main job on real scans
	$(BIN)/tilth demo

lint: $(STAMP) ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint ## install tilth and run the checks and the quick tests
	$(PYTEST) -m "not slow"

# torch first, so that nothing pulls a larger build of it
$(EXTRAS): $(STAMP)
	$(BIN)/pip install --quiet -c constraints.txt torch
	$(BIN)/pip install --quiet -c constraints.txt -e ".[text,image,vision,torch,audio,tables,llm]"
	@touch $@

test-slow: $(EXTRAS) ## install the optional libraries and run the tests that are slow or need them
	$(PYTEST) -m slow
	$(PYTEST) -m "not slow" $$(grep -rlE 'importorskip|MissingExtraError|tilth\.testing' tests --include='test_*.py')

test-all: test test-slow ## all tests, quick and slow

bench-main: $(STAMP) ## figures against peers, written to benchmarks/RESULTS.md
	$(BIN)/python benchmarks/main.py

bench-labels: $(STAMP) ## label errors against cleanlab, written to benchmarks/RESULTS-labels.md
	$(BIN)/python benchmarks/labels.py

bench-agreement: $(STAMP) ## agreement and consensus against peers, written to benchmarks/RESULTS-agreement.md
	$(BIN)/python benchmarks/agreement.py

docs: $(STAMP) ## write the pages that are made from the code
	$(BIN)/python scripts/reference.py
	$(BIN)/python scripts/gallery.py

bench-active: $(STAMP) ## active learning against scikit-activeml, written to benchmarks/RESULTS-active.md
	$(BIN)/python benchmarks/active.py

bench-weak: $(STAMP) ## weak supervision against snorkel, written to benchmarks/RESULTS-weak.md
	$(BIN)/python benchmarks/weak.py

bench-augment: $(STAMP) ## augmentation: gains, equal bits and speed, written to benchmarks/RESULTS-augment.md
	$(BIN)/python benchmarks/augment.py

clean: ## remove environments, caches and the demonstration
	rm -rf $(VENV) .venv-peers .venv-peers-active .venv-peers-agreement .venv-peers-augment .venv-peers-weak tilth-demo .pytest_cache .mypy_cache .ruff_cache
