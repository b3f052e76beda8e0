# Two commands for a fresh machine with Python >= 3.11: `make demo` and `make test`.
# Each target sets up what it needs; nothing has to be installed before.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SETUP := $(VENV)/.set-up

.DEFAULT_GOAL := help
.PHONY: help setup demo docs test test-pulumi test-local test-aws test-others test-unit check bench lock browser pulumi runners regenerate clean

help:  ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(SETUP)  ## .venv with mlops-infra and all it is developed with

$(SETUP): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "needs Python 3.11 or newer: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check uv==0.13.8
	$(BIN)/uv pip install --quiet --requirement requirements.txt
	$(BIN)/uv pip install --quiet --no-deps --editable .
	@# Of the clouds' SDKs what the stacks import: all of them would take a minute.
	@$(BIN)/python -m compileall -qq -j 0 -x '/pulumi_(azure_native|gcp)/' $(VENV)/lib || true
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -c 'import stacks.azure.platform, stacks.gcp.platform'
	@touch $@

demo: $(SETUP)  ## a live tracking server on this machine, and a model trained, logged and served from it
	@$(BIN)/mlops-infra deploy -e dev --cloud local --yes
	@eval "$$($(BIN)/mlops-infra login -e dev --cloud local)" && $(BIN)/python examples/train.py
	@uri=$$($(BIN)/mlops-infra tracking-uri -e dev --cloud local); echo; \
	echo "tracking URI   $$uri"; \
	echo "open the UI    $$uri in a browser, as 'admin'; the password:"; \
	echo "               $(BIN)/mlops-infra login -e dev --cloud local"; \
	echo "take it down   $(BIN)/mlops-infra teardown -e dev --cloud local"

docs: $(SETUP)  ## the site of docs/, into site/html; a broken link is an error
	$(BIN)/sphinx-build -M html docs site --fresh-env --write-all --quiet --nitpicky --fail-on-warning

check: $(SETUP)  ## format, lint, types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/ty check
	$(BIN)/lint-imports --no-cache

test-unit: $(SETUP)  ## what needs no server: seconds
	$(BIN)/pytest -m "not slow"

test: check browser node_modules pulumi runners  ## everything: real servers, databases, a browser, the image, CDK and Pulumi
	@$(MAKE) --no-print-directory --jobs=3 --output-sync=target test-pulumi test-local test-aws test-others

PARTS := tests/rehearsal/pulumi tests/local tests/rehearsal/aws

# Four parts, three at a time, for much of each is waiting; what takes longest first.
test-pulumi: $(SETUP) node_modules pulumi
	$(BIN)/pytest tests/rehearsal/pulumi --durations=25

test-local: $(SETUP)
	$(BIN)/pytest tests/local --durations=25

test-aws: $(SETUP) node_modules
	$(BIN)/pytest tests/rehearsal/aws --durations=25

test-others: $(SETUP) node_modules pulumi runners
	$(BIN)/pytest $(PARTS:%=--ignore=%) --durations=25

browser: $(SETUP)  ## a Chromium for the tests of the UI, where there is none
	@$(BIN)/python tools/chromium.py

pulumi: $(SETUP)  ## the pinned Pulumi, and a store for its state in tests; built where need be: minutes
	@$(BIN)/python -m mlops_infra.engines.pulumi.cli
	@$(BIN)/python -m tools.fake_gcs

runners: $(SETUP)  ## what checks and runs the workflows; built where need be: a minute
	@$(BIN)/python -m tools.runners

node_modules: package-lock.json
	@command -v npm >/dev/null || { echo "needs Node.js 20 or newer with npm, for the CDK"; exit 1; }
	npm ci --silent
	@touch $@

bench: $(SETUP) node_modules  ## the figures of docs/benchmarks.md, as ratios of pairs measured in one run
	$(BIN)/python -m tools.bench

regenerate: $(SETUP) node_modules  ## what docs/ has from the code: reference of the commands, pictures
	$(BIN)/python -m tools.reference
	$(BIN)/python -m tools.pictures

lock: $(SETUP)  ## resolve requirements.txt anew
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url \
		--group dev --group docs --extra local --extra rehearsal pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --quiet --python-version 3.13 --python-platform x86_64-manylinux_2_28 \
		--generate-hashes --no-emit-index-url --excludes stacks/image/client_only.txt \
		stacks/image/requirements.in -o stacks/image/requirements.txt

clean:  ## remove what the targets made; not the data of deployed environments
	rm -rf $(VENV) node_modules dist site .pytest_cache .ruff_cache .hypothesis
