# `make` bootstraps its own environment: it uses `uv` if there is one, else gets it into the environment with pip.
SHELL := /bin/bash
PYTHON ?= $(shell for v in 3.13 3.12 3.11 3; do command -v python$$v >/dev/null 2>&1 && python$$v -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo python$$v && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
# For two cores: a process of tests waits for servers and processes of its own for a third of its time.
TEST_PROCESSES ?= 3
# The machine's own certificates, as pip uses them: a company's mirror may have a certificate of its own.
export UV_SYSTEM_CERTS ?= 1
# Nothing is compiled twice: each of the many processes that are started here reads what the first one compiled.
unexport PYTHONDONTWRITEBYTECODE
# All but the one that is locked apart.
EXTRAS := --extra parquet --extra xlsx --extra models --extra voice --extra browser
UV := $(shell command -v uv 2>/dev/null || echo $(BIN)/uv)

.DEFAULT_GOAL := help
.PHONY: help setup lock monthly local-speech demo demo-stop test installed check format lint types contracts unused system-packages other-pythons soak bench eval wheel clean

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

setup: $(VENV)/.installed ## Install the locked dependencies and this project into .venv

$(VENV)/.installed: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or name one with make PYTHON=/path/to/python" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@command -v uv >/dev/null 2>&1 || $(BIN)/python -m pip install --quiet uv
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(UV) pip sync --quiet --require-hashes --python $(BIN)/python requirements.lock
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(UV) pip install --quiet --no-deps --python $(BIN)/python --editable .
	@touch $@

lock: ## Choose and lock new versions of the dependencies
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@command -v uv >/dev/null 2>&1 || $(BIN)/python -m pip install --quiet uv
	$(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		pyproject.toml $(EXTRAS) --group dev --output-file requirements.lock
	$(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		pyproject.toml --extra local-speech --constraints requirements.lock --output-file requirements-local-speech.lock

monthly: lock check ## Once a month: newest versions, all checks, and how old what we know of providers is
	$(BIN)/python -m scripts.provider_shapes report
	$(BIN)/sales-agent prices

local-speech: $(VENV)/.local-speech ## Install speech to text on this machine, which some tests need (500 MB on disk)

$(VENV)/.local-speech: requirements-local-speech.lock $(VENV)/.installed
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(UV) pip install --quiet --require-hashes --python $(BIN)/python --requirements requirements-local-speech.lock
	@touch $@

demo: setup ## The whole chain on made-up companies, from a file to the mailbox (keeps running)
	@SALES_AGENT_HOME=$(CURDIR)/.demo $(BIN)/sales-agent demo

demo-stop: ## Stop what the demo started
	@SALES_AGENT_HOME=$(CURDIR)/.demo $(BIN)/sales-agent down

bench: setup ## Measure, print tables, write bench/*.json (minutes)
	$(BIN)/python -m bench.bench_import
	$(BIN)/python -m bench.bench_reading
	$(BIN)/python -m bench.bench_clients
	$(BIN)/python -m bench.bench_discovery
	$(BIN)/python -m bench.bench_fetching
	$(BIN)/python -m bench.bench_batches
	$(BIN)/python -m bench.bench_qualification
	$(BIN)/python -m bench.bench_sync
	$(BIN)/python -m bench.bench_lists
	$(BIN)/python -m bench.bench_graphs
	$(BIN)/python -m bench.bench_conversation

eval: setup ## Score against labelled real files, or the project's own small ones where there are none
	$(BIN)/python -m bench.eval_csv
	$(BIN)/python -m bench.eval_atl

test: setup ## Run the tests: real Postgres, Redis, Prefect server and worker (the aim is 6 minutes)
	$(BIN)/python -m pytest -q -m "not soak and not installed" -n $(TEST_PROCESSES)

installed: setup ## Run the tests that need a whole installation for long: worker, schedule, compose, a browser
	$(BIN)/python -m pytest -q -m "installed and not soak" -n 2

soak: setup ## Run the long proofs: kill matrices, random histories, fuzzing, million-row runs (hours)
	$(BIN)/python -m pytest -q -m soak --timeout=3600

check: format lint types contracts unused local-speech test installed other-pythons wheel ## All that CI checks

system-packages: ## Install what some tests need beyond Python: a Chromium (Debian and its like, as root)
	@command -v chromium >/dev/null 2>&1 || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; }

format: setup
	$(BIN)/ruff format --check .

lint: setup
	$(BIN)/ruff check .
	$(BIN)/complexipy --plain

types: setup
	$(BIN)/mypy

contracts: setup
	$(BIN)/lint-imports --no-cache

unused: setup
	$(BIN)/deptry .

other-pythons: setup ## Run the tests on the other supported Pythons that are installed here
	@for version in 3.11 3.13; do \
		if python$$version -c '' 2>/dev/null && ! $(BIN)/python -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$$version')"; then \
			$(MAKE) --no-print-directory local-speech test PYTHON=python$$version VENV=.venv-$$version || exit 1; \
		fi; \
	done

wheel: setup ## Build the wheel, install it into an empty environment, start the program from there
	rm -rf build/wheel && mkdir -p build/wheel
	$(BIN)/python -m venv build/wheel/venv
	$(UV) build --quiet --wheel --out-dir build/wheel
	$(UV) pip install --quiet --python build/wheel/venv/bin/python --constraints requirements.lock build/wheel/*.whl
	cd build/wheel && venv/bin/sales-agent --help >/dev/null && venv/bin/sales-agent preview venv/lib/python*/site-packages/app/demo/leads.csv --json >/dev/null
	export SALES_AGENT_HOME=$(CURDIR)/build/wheel/home; cd build/wheel && venv/bin/sales-agent up --detach --port 4271 && \
		venv/bin/sales-agent import --submit venv/lib/python*/site-packages/app/demo/leads.csv; code=$$?; venv/bin/sales-agent down; exit $$code

clean: ## Remove the environment and all caches
	rm -rf $(VENV) .venv-* .mypy_cache .ruff_cache .complexipy_cache .pytest_cache .hypothesis build dist
