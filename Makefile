# The same targets for people and for CI. Every target makes .venv first; none needs anything but Python 3.11 or newer.
.DEFAULT_GOAL := help
.PHONY: help venv demo test lint docs bench constraints clean
PYTHON ?= python3
BIN := .venv/bin
PIP := -m pip --quiet --disable-pip-version-check

help: ## Show the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r target text; do \
	  printf '%-18s %s\n' "$$target" "$$text"; done
	@echo 'Another interpreter: make PYTHON=python3.12 demo'

venv: .venv/.installed ## Make .venv with archgraft and every pinned dependency

# A stamp, so that an interrupted installation is taken up again and a finished one is not repeated.
.venv/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "archgraft needs Python 3.11 or newer, but $(PYTHON) is " + sys.version.split()[0] + "; run: make PYTHON=python3.12 ...")'
	@$(PYTHON) -c 'import importlib.util as u, sys; sys.exit(0 if u.find_spec("ensurepip") and u.find_spec("venv") else "$(PYTHON) cannot make virtual environments: its venv or ensurepip part is missing. On Debian and Ubuntu run: apt install python%d.%d-venv" % sys.version_info[:2])'
	$(PYTHON) -m venv .venv
	$(BIN)/python $(PIP) install --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: venv ## Mine real packages, evolve a ResNet on the digits data, write a report (6 minutes or less)
	$(BIN)/archgraft demo

test: venv ## Run the tests that need neither network nor GPU
	$(BIN)/python -m pytest -n 2

lint: venv ## Check format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy -p archgraft
	$(BIN)/mypy tests benchmarks docs

docs: venv ## Write the pages that are made from the code: docs/commands.md, settings.md, edits.md
	$(BIN)/python -m docs.generate

bench: venv ## Run the benchmarks; those on downloaded tables with DATA_DIR=FOLDER
	$(BIN)/python -m benchmarks.command_line
	$(BIN)/python -m benchmarks.sandbox --attacks --forgeries
	$(BIN)/python -m benchmarks.evaluator
ifdef DATA_DIR
	$(BIN)/python -m benchmarks.planners --data-dir '$(DATA_DIR)'
else
	@echo 'skipped: benchmarks.planners needs a table; run: make bench DATA_DIR=FOLDER'
endif

constraints: ## Pin anew what a fresh environment resolves to
	rm -rf build/constraints && $(PYTHON) -m venv build/constraints
	build/constraints/bin/python $(PIP) install --editable '.[dev]'
	{ echo "# Every package that a fresh .venv holds, pinned. Made by 'make constraints'."; \
	  build/constraints/bin/python -m pip freeze --exclude-editable | sed 's/+cpu$$//' | grep == | LC_ALL=C sort -f; } > build/constraints.txt
	mv build/constraints.txt constraints.txt && rm -rf build/constraints

clean: ## Remove .venv and everything that tools left behind; runs and libraries stay
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
