# Everything Guanjia does from a checkout. `make` lists it.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
PROCESSES ?= 2
# The tests of a file stay together: they share what its fixtures opened.
BESIDE := --numprocesses $(PROCESSES) --dist loadfile
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD := 1

.DEFAULT_GOAL := help
.PHONY: help setup run test test-postgresql soak bench check format gallery pictures lock clean

help: ## List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

setup: $(STAMP) ## Virtual environment, locked dependencies, front end
	@$(BIN)/python tools/build_ui.py

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) tools/require_python.py
	@echo "[1/3] virtual environment"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "make: the venv module is missing; install python3-venv and try again"; exit 1; }
	@echo "[2/3] dependencies (some minutes the first time)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock || { echo "make: the dependencies could not be installed; check the network and try 'make setup' again"; exit 1; }
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@echo "[3/3] front end"
	@touch $(STAMP)

run: setup ## Set up, fill a demo, serve on 127.0.0.1:8080
	@GUANJIA_ENV=demo $(BIN)/guanjia demo
	@GUANJIA_ENV=demo $(BIN)/guanjia serve --host 127.0.0.1 --port $${PORT:-8080}

test: setup ## Set up and pass the tests, PROCESSES (2) beside each other
	@$(BIN)/python -m pytest $(BESIDE)

test-postgresql: setup ## The tests of the engine and of faults on PostgreSQL
	@GUANJIA_TEST_POSTGRESQL=$${GUANJIA_TEST_POSTGRESQL:-postgresql+psycopg://postgres@127.0.0.1/postgres} \
		$(BIN)/python -m pytest $(BESIDE) tests/engine tests/fault

soak: setup ## Kill workers every second for SOAK_SECONDS (300) on PostgreSQL
	@$(BIN)/python -m tests.fault.soak

check: setup ## Style, types, imports, procedures, translations
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python tools/translations.py check
	@$(BIN)/guanjia check bpmn

format: setup ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: setup ## Measure everything beside each other: build/bench.json and a table
	@GUANJIA_TEST_POSTGRESQL=$${GUANJIA_TEST_POSTGRESQL:-postgresql+psycopg://postgres@127.0.0.1/postgres} \
		$(BIN)/python -m tests.bench $(FAMILIES)

gallery: setup ## Render every diagram into docs/gallery
	@$(BIN)/python -m tools.gallery

pictures: setup ## Take pictures of every page, in both languages
	@$(BIN)/python tools/pictures.py

lock: setup ## Lock the dependencies of pyproject.toml again
	@$(BIN)/pip install --quiet pip-tools
	@$(BIN)/pip-compile --quiet --strip-extras --allow-unsafe --generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --extra dev -o requirements.lock pyproject.toml

clean: ## Remove what was built; the demo's database too
	@rm -rf $(VENV) node_modules web/static/build build var
