# Two commands for a fresh machine with Python >= 3.11: `make demo` and `make test`.
# Each target sets up what it needs; nothing has to be installed before.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SETUP := $(VENV)/.set-up

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-down test test-unit check bench lock browser clean

help:  ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(SETUP)  ## .venv with mlops-infra and all it is developed with

$(SETUP): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "needs Python 3.11 or newer: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check uv==0.13.8
	$(BIN)/uv pip install --quiet --compile-bytecode --requirement requirements.txt
	$(BIN)/uv pip install --quiet --no-deps --editable .
	@touch $@

demo: $(SETUP)  ## a live tracking server on this machine, and a model trained, logged and served from it
	@$(BIN)/mlops-infra deploy -e dev --cloud local --yes
	@eval "$$($(BIN)/mlops-infra login -e dev --cloud local)" && $(BIN)/python examples/train.py
	@uri=$$($(BIN)/mlops-infra tracking-uri -e dev --cloud local); echo; \
	echo "tracking URI   $$uri"; \
	echo "open the UI    $$uri in a browser, as 'admin'; the password:"; \
	echo "               $(BIN)/mlops-infra login -e dev --cloud local"; \
	echo "take it down   $(BIN)/mlops-infra teardown -e dev --cloud local"

check: $(SETUP)  ## format, lint, types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/ty check
	$(BIN)/lint-imports --no-cache

test-unit: $(SETUP)  ## what needs no server: seconds
	$(BIN)/pytest -m "not slow"

test: check browser  ## everything: real servers, a real database, a real browser
	$(BIN)/pytest --durations=20

browser: $(SETUP)  ## a Chromium for the tests of the UI, where there is none
	@$(BIN)/python tools/chromium.py

bench: $(SETUP)  ## the figures of docs/benchmarks.md, as ratios of pairs measured in one run
	$(BIN)/python -m tools.bench

lock: $(SETUP)  ## resolve requirements.txt anew
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url \
		--group dev --extra local pyproject.toml -o requirements.txt

clean:  ## remove what the targets made; not the data of deployed environments
	rm -rf $(VENV) dist .pytest_cache .ruff_cache .hypothesis
