.PHONY: venv demo test lint bench constraints clean
PYTHON ?= python3
BIN := .venv/bin

venv: .venv/.installed

# A stamp, so that an interrupted installation is taken up again and a finished one is not repeated.
.venv/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "archgraft needs Python 3.11 or newer, but $(PYTHON) is " + sys.version.split()[0] + "; run: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

test: venv
	$(BIN)/python -m pytest -n 2

lint: venv
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy -p archgraft
	$(BIN)/mypy tests benchmarks
