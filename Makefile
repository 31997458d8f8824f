# Two commands on a fresh machine with Python 3.11 or newer: make up, make test. Nothing is installed outside .venv.
# Another Python than the first one found: make PYTHON=/path/to/python3 up

BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help up setup test lint types check format clean

help: ## Show what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

up: .venv/.run ## Start the whole desk on this machine
	@$(BIN)/holdfast up

setup: .venv/.all ## Install everything that tests and checks need

test: .venv/.all ## Run all tests; what is skipped is named with its reason
	$(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder --show-capture=no

check: lint types ## Style and types

lint: .venv/.all ## Style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.all ## Types, strictly
	$(BIN)/mypy
	$(BIN)/mypy worker.py cli.py

format: .venv/.all ## Put every file into the common form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## Remove what was installed and cached; the data directory stays
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .schemathesis *.egg-info

# Exact versions with their hashes; the stamp is newer than its list when all of it is installed.
.venv/.python:
	@for python in $(or $(PYTHON),python3 python3.13 python3.12 python3.11); do \
		if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			"$$python" -m venv .venv && touch $@ && exit 0; \
			echo "The module venv is missing: on Debian and Ubuntu install it with: apt install python3-venv" >&2; exit 1; \
		fi; \
	done; \
	echo "There is no Python 3.11 or newer: install one, or name it: make PYTHON=/path/to/python3 up" >&2; exit 1

.venv/.run: .venv/.python requirements/run.txt pyproject.toml
	@echo "Installing what the desk needs into .venv (once, about a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/.all: .venv/.python requirements/all.txt pyproject.toml
	@echo "Installing what the desk and its tests need into .venv (once, about two minutes) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/all.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@ .venv/.run
