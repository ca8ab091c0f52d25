PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
LOCK_VENV = .venv-lock
DOCS_VENV = .venv-docs
SAM_VENV = .venv-sam
INFRASTRUCTURE_VENV = .venv-infrastructure
PARALLEL = -n auto --maxprocesses=4 --dist=worksteal

# The target of the function's package. `sam build` chooses a Makefile in .lambda/ by the architecture.
RUNTIME ?= $(shell sed -n 's/^ *Runtime: *//p' template.yaml)
ARCHITECTURE ?= arm64

export SAM_CLI_TELEMETRY = 0

.DEFAULT_GOAL := help
.PHONY: help venv demo test lint types docs pictures build build-Router dist lock events bench soak clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

venv: $(VENV)/.stamp ## Make or update the virtual environment

# LOG_LEVEL hides the log, which repeats what the commands print. Exit code 1 stands for a record that failed.
demo: export LOG_LEVEL = CRITICAL
demo: $(VENV)/.cli-stamp ## Run the example application on recorded events
	@printf 'An order is placed, paid, shipped and deleted. Each change runs the handlers registered for it:\n\n'
	@$(BIN)/router invoke tests/events/order-lifecycle.json
	@printf '\nThree orders, the second broken on purpose. The response makes Lambda deliver again from there:\n\n'
	@$(BIN)/router invoke tests/events/poison.json || test $$? = 1
	@printf '\ndocs/failures.md says what happens then; handlers/ has the code that ran.\n'

# ROUTER_REAL_ENGINES=1 selects all tests. Otherwise tests that take seconds of real time or need the network are left
# out, and Hypothesis tries a fifth of its examples.
ifneq ($(ROUTER_REAL_ENGINES),1)
SELECTION = -m 'not slow and not real' --hypothesis-profile=quick
endif

# Each worker is a process that starts coverage itself. More than four gain little, because each starts its own engines.
test: export COVERAGE_PROCESS_START = $(CURDIR)/pyproject.toml
test: venv ## Run the tests; less than 95 % branch coverage is a failure
	@rm -f .coverage .coverage.*
	$(BIN)/python -m pytest $(PARALLEL) $(SELECTION)
	@$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --fail-under=95

lint: venv ## Check style, format and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-logo

# constraints.txt pins pyright and its node, so notices of newer releases are switched off.
types: export PYRIGHT_PYTHON_IGNORE_WARNINGS = 1
types: venv ## Check types with mypy --strict and pyright
	$(BIN)/mypy --strict
	$(BIN)/mypy --strict --no-explicit-package-bases .lambda/package.py
	$(BIN)/pyright

# MkDocs says at each start which release will be its last.
docs: export NO_MKDOCS_2_WARNING = 1
docs: $(DOCS_VENV)/.stamp ## Build the documentation as a site: site/index.html
	@$(DOCS_VENV)/bin/mkdocs build --strict --config-file .docs/mkdocs.yml

# arm64 comes last, so that `sam deploy` finds it: it is the default of template.yaml.
build: $(SAM_VENV)/.stamp ## Package the function for Lambda and print its size
	@rm -rf build/x86_64* build/arm64* && mkdir -p build
	@for architecture in x86_64 arm64; do \
		$(SAM_VENV)/bin/sam build --parameter-overrides Architecture=$$architecture >build/sam.log 2>&1 || { cat build/sam.log; exit 1; }; \
		cp -R .aws-sam/build/Router build/$$architecture; \
	done
	@$(PYTHON) .lambda/package.py build/arm64 build/x86_64

# `sam build` runs this target for the function Router. The wheels are those of Lambda's platform, not of this machine's.
# Scripts in bin/, and RECORD with their hashes, hold the path of this machine's Python; without them a commit makes one
# package. Lambda cannot write bytecode, and without bytecode each cold start compiles all imports: 0.39 s instead of
# 0.17 s for the shop, against 2.4 MB more to fetch. Bytecode is marked for one version of Python, and others ignore it. It
# is unchecked, because the source cannot change, and Python then need not read it.
build-Router:
	$(if $(ARTIFACTS_DIR),,$(error `sam build` runs this target; by hand, say where the package goes: ARTIFACTS_DIR=folder))
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes --only-binary=:all: \
		--implementation cp --python-version $(RUNTIME:python%=%) --platform manylinux2014_$(ARCHITECTURE:arm64=aarch64) \
		--target "$(ARTIFACTS_DIR)" --upgrade --requirement .lambda/packages.txt
	@rm -rf "$(ARTIFACTS_DIR)/bin" "$(ARTIFACTS_DIR)"/*.dist-info/RECORD
	@cp -R router handlers models "$(ARTIFACTS_DIR)"
	@rm -rf "$(ARTIFACTS_DIR)/router/cli" "$(ARTIFACTS_DIR)/router/local" "$(ARTIFACTS_DIR)/router/testing"
	@find "$(ARTIFACTS_DIR)" -name __pycache__ -type d -prune -exec rm -rf {} +
	@python=$$(.ci/interpreter $(RUNTIME:python%=%)); if [ -z "$$python" ]; then \
		echo "make: no $(RUNTIME) on this machine, so nothing is compiled: the function will start more slowly" >&2; \
	else "$$python" -m compileall -q --invalidation-mode unchecked-hash -s "$(ARTIFACTS_DIR)" -p /var/task "$(ARTIFACTS_DIR)"; fi

# hatchling gives all files one date, the commit's, and one order, so that a commit makes one wheel and one sdist.
dist: export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null)
dist: $(VENV)/.cli-stamp ## Build the wheel and the sdist
	@rm -rf dist
	@$(BIN)/python -m hatchling build --directory dist

lock: ## Pin the newest releases and their hashes in constraints.txt
	$(call make_venv,$(LOCK_VENV))
	$(LOCK_VENV)/bin/python -m pip install --quiet --upgrade uv
	$(LOCK_VENV)/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--all-extras --group dev --no-header --no-annotate pyproject.toml --output-file $(LOCK_VENV)/pins.txt
	{ echo "# All packages of the development environment: all extras and the group dev, for Python 3.11 and later."; \
	  echo "# Made by 'make lock'; do not edit."; \
	  cat $(LOCK_VENV)/pins.txt; } > constraints.txt
	$(LOCK_VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--constraint constraints.txt --no-header --no-annotate pyproject.toml --output-file $(LOCK_VENV)/packages.txt
	{ echo "# The packages of the function: entity-router's dependencies without its extras, pinned as in constraints.txt."; \
	  echo "# Made by 'make lock'; do not edit."; \
	  cat $(LOCK_VENV)/packages.txt; } > .lambda/packages.txt
	printf 'hatchling\neditables\nrich\nruamel.yaml\ntyper\n' | $(LOCK_VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--constraint constraints.txt --no-header --no-annotate pyproject.toml - --output-file $(LOCK_VENV)/cli.txt
	{ echo "# The packages of 'make demo': entity-router's dependencies, what prints, and what installs it, pinned as in constraints.txt."; \
	  echo "# Made by 'make lock'; do not edit."; \
	  cat $(LOCK_VENV)/cli.txt; } > .lambda/cli.txt
	echo aws-sam-cli | $(LOCK_VENV)/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate - --output-file $(LOCK_VENV)/sam.txt
	{ echo "# The SAM CLI, apart from constraints.txt because it pins an old click and boto3."; \
	  echo "# Made by 'make lock'; do not edit."; \
	  cat $(LOCK_VENV)/sam.txt; } > .lambda/sam.txt
	printf 'aws-cdk-lib\nconstructs\npython-hcl2\n' | $(LOCK_VENV)/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
		--generate-hashes --no-header --no-annotate - --output-file $(LOCK_VENV)/infrastructure.txt
	{ echo "# What synthesises a CDK app and parses a Terraform module, for tests; apart from constraints.txt because it takes 400 MB."; \
	  echo "# Made by 'make lock'; do not edit."; \
	  cat $(LOCK_VENV)/infrastructure.txt; } > .lambda/infrastructure.txt
	printf 'mkdocs-material\nmkdocstrings[python]\nruff\n' | $(LOCK_VENV)/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate - --output-file $(LOCK_VENV)/docs.txt
	{ echo "# The packages of 'make docs', apart from constraints.txt because nothing else uses them."; \
	  echo "# Made by 'make lock'; do not edit."; \
	  cat $(LOCK_VENV)/docs.txt; } > .docs/packages.txt

pictures: venv ## Draw the screens of the commands for the pages
	$(BIN)/python -m tests.docs.pictures

events: venv ## Record tests/events/ anew from a real stream
	$(BIN)/python -m tests.events.record

bench: venv ## Measure what records cost, and write the figures into docs/
	$(BIN)/python -m tests.benchmarks.dispatch --write-docs

# The changes and the seed of `make soak`; RUN=durable chooses one of the runs.
N ?= 100000
SEED ?= 1

soak: venv ## Send 100,000 changes through failing handlers and dying processes, and check that none is lost
	$(BIN)/python -m tests.soak --changes $(N) --seed $(SEED) $(addprefix --run ,$(RUN))

clean: ## Remove the virtual environments and the files that tools write
	rm -rf .venv .venv-* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	rm -rf .aws-sam build dist site htmlcov .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# An existing environment is kept, because other processes may use it. --no-deps, because each list is complete: without
# it pip looks for what `coverage[toml]` needs, finds a release newer than the pinned one, and gives up.
PIP_INSTALL = -m pip install --quiet --disable-pip-version-check --no-deps

# The command `router` only, within seconds; the first target that needs the other packages installs them.
$(VENV)/.cli-stamp: pyproject.toml .lambda/cli.txt
	$(call make_venv,$(VENV))
	@$(BIN)/python $(PIP_INSTALL) --require-hashes -r .lambda/cli.txt
	@$(BIN)/python $(PIP_INSTALL) --no-build-isolation -e .
	@touch $@

$(VENV)/.stamp: constraints.txt $(VENV)/.cli-stamp
	$(BIN)/python $(PIP_INSTALL) --require-hashes -r constraints.txt
	@touch $@

$(SAM_VENV)/.stamp: .lambda/sam.txt
	$(call make_venv,$(SAM_VENV))
	$(SAM_VENV)/bin/python $(PIP_INSTALL) --require-hashes -r .lambda/sam.txt
	@touch $@

$(DOCS_VENV)/.stamp: .docs/packages.txt
	$(call make_venv,$(DOCS_VENV))
	@$(DOCS_VENV)/bin/python $(PIP_INSTALL) --require-hashes -r .docs/packages.txt
	@touch $@

# --no-compile, because a test imports a small part of what is installed.
$(INFRASTRUCTURE_VENV)/.stamp: .lambda/infrastructure.txt
	$(call make_venv,$(INFRASTRUCTURE_VENV))
	$(INFRASTRUCTURE_VENV)/bin/python $(PIP_INSTALL) --no-compile --require-hashes -r .lambda/infrastructure.txt
	@touch $@

# $(call make_venv,FOLDER). On Debian the part of venv that brings pip is a package of its own.
define make_venv
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "make: '$(PYTHON)' is no Python 3.11 or later: install one, or name it: make PYTHON=python3.12" >&2; exit 1; }
	@$(1)/bin/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(1) >/dev/null 2>&1 || { \
		[ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq python3-venv && $(PYTHON) -m venv --clear $(1); \
	} >/dev/null 2>&1 || { \
		echo "make: '$(PYTHON) -m venv' made no environment: install Python 3.11 or later with venv" \
			"(Debian, Ubuntu: apt-get install python3-venv), or name one: make PYTHON=python3.12" >&2; exit 1; }
endef
