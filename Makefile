# make demo: the whole job on the sandbox CRM.   make test, make check: before each commit.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: demo check test bench format lock clean

demo: $(STAMP)         ## a territory plan living in an emulated CRM, until Ctrl-C
	$(BIN)/arpent demo

check: $(STAMP)        ## style, types, architecture
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: $(STAMP)         ## the whole suite, on SQLite and PostgreSQL
	$(BIN)/pytest

bench: $(STAMP)        ## ratios measured side by side, printed, never asserted
	$(BIN)/python -m tests.bench

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# `--without-pip` and `pip --python` work on a bare Debian, which has pip but not python3-venv.
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Arpent needs Python 3.11 or newer, and $(PYTHON) is older: try  make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv --without-pip .venv
	$(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

lock:                  ## pin again, with hashes and without any address
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header --group dev -o requirements.lock pyproject.toml
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header -o requirements-run.lock pyproject.toml

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .arpent
