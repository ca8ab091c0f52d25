PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
LOCK_VENV = .venv-lock

.DEFAULT_GOAL := help
.PHONY: help venv demo test lint types lock events bench clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

venv: $(VENV)/.stamp ## Make the virtual environment, or bring it up to date

# LOG_LEVEL keeps the log out of the way; what the commands show says the same. Exit code 1 is a record that failed.
demo: export LOG_LEVEL = CRITICAL
demo: venv ## Run the example application on recorded events
	@printf 'An order is placed, paid, shipped and deleted. Each change runs the handlers that asked for it:\n\n'
	@$(BIN)/router invoke tests/events/order-lifecycle.json
	@printf '\nThree orders, the second broken on purpose. Lambda is told to deliver again from there:\n\n'
	@$(BIN)/router invoke tests/events/poison.json || test $$? = 1
	@printf '\nSee README.md for what happens then, and handlers/ for what ran.\n'

test: venv ## Run the tests; less than 95 % branch coverage is a failure
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage report --fail-under=95

lint: venv ## Check style, format and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-logo

# pyright and its node come with the wheels that constraints.txt pins: a notice of a newer one would only be noise.
types: export PYRIGHT_PYTHON_IGNORE_WARNINGS = 1
types: venv ## Check types with mypy --strict and pyright
	$(BIN)/mypy --strict
	$(BIN)/pyright

lock: ## Pin the newest releases and their hashes in constraints.txt
	$(call make_venv,$(LOCK_VENV))
	$(LOCK_VENV)/bin/python -m pip install --quiet --upgrade uv
	$(LOCK_VENV)/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--all-extras --group dev --no-header --no-annotate pyproject.toml --output-file $(LOCK_VENV)/pins.txt
	{ echo "# Everything the project is developed and tested with: all extras and the group dev, for Python 3.11 and later."; \
	  echo "# Made by 'make lock'; do not edit."; \
	  cat $(LOCK_VENV)/pins.txt; } > constraints.txt

events: venv ## Record tests/events/ again from a real stream
	$(BIN)/python -m tests.events.record

bench: venv ## Measure records per second
	$(BIN)/python -m tests.benchmarks.dispatch

clean: ## Remove the virtual environments and what tools left behind
	rm -rf .venv .venv-* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	rm -rf build dist htmlcov .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Packages are added to an environment that is there already: others may be using it.
$(VENV)/.stamp: pyproject.toml constraints.txt
	$(call make_venv,$(VENV))
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# $(call make_venv,FOLDER): Debian keeps the part of venv that brings pip in a package of its own.
define make_venv
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "make: '$(PYTHON)' is no Python 3.11 or later: install one, or name it: make PYTHON=python3.12" >&2; exit 1; }
	@$(1)/bin/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(1) >/dev/null 2>&1 || { \
		[ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq python3-venv && $(PYTHON) -m venv --clear $(1); \
	} >/dev/null 2>&1 || { \
		echo "make: '$(PYTHON) -m venv' made no environment: install Python 3.11 or later with venv" \
			"(Debian, Ubuntu: apt-get install python3-venv), or name one: make PYTHON=python3.12" >&2; exit 1; }
endef
