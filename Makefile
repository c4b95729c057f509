# make demo: the whole job on an emulated CRM.   make check, make test: before each commit.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check

.PHONY: demo check test properties scenarios fuzz bench torture simulation rehearsal oracles format lock clean

demo: .venv/.run       ## a territory plan living in an emulated CRM, until Ctrl-C
	@$(BIN)/arpent demo

check: .venv/.dev      ## style, types, architecture
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: .venv/.dev       ## the whole suite, on SQLite and PostgreSQL
	$(BIN)/pytest --numprocesses 2 --dist worksteal

properties: .venv/.dev ## the suite's laws, on examples drawn anew
	ARPENT_TEST_LAWS=drawn $(BIN)/pytest --numprocesses 2 -q -m hypothesis

scenarios: .venv/.dev  ## 200,000 changes that a CRM shows late: none missed
	$(BIN)/python -m tests.scenarios

fuzz: .venv/.dev       ## 55,000 random conditions on both databases, 300,000 hostile strings
	$(BIN)/python -m tests.fuzz

simulation: .venv/.dev ## 208 years of a team on plan: how often it is alerted for nothing
	$(BIN)/python -m tests.simulation

rehearsal: .venv/.dev  ## the whole year of the worked case, week by week
	ARPENT_TEST_YEAR_WEEKS=52 $(BIN)/pytest -q tests/acceptance/test_year.py

bench: .venv/.dev      ## ratios measured side by side, printed, never asserted
	$(BIN)/python -m tests.bench

torture: .venv/.dev    ## killed at each point, twice among faults, frozen: hours, and it resumes
	$(BIN)/python -m tests.torture
	ARPENT_TEST_TAKEOVERS=200 ARPENT_TEST_WEEKS=7500 $(BIN)/pytest -q -k sqlite \
		tests/integration/test_worker_ticks.py tests/integration/test_weekly_periods.py

oracles:               ## independent grammars that some tests ask; needs Node
	npm ci --no-audit --no-fund --prefix tests/oracles

format: .venv/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# `--without-pip` and `pip --python` work on a bare Debian, which has pip but not python3-venv.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Arpent needs Python 3.11 or newer, and $(PYTHON) is not: try  make $(MAKECMDGOALS) PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -m pip --version > /dev/null || { echo "pip is missing: apt-get install python3-pip"; exit 1; }
	$(PYTHON) -m venv --without-pip .venv

.venv/.run: requirements-run.lock pyproject.toml | $(BIN)/python
	$(PIP) --require-hashes -r requirements-run.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: requirements.lock .venv/.run
	$(PIP) --require-hashes -r requirements.lock
	@touch $@

COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header pyproject.toml

lock:                  ## pin again, with hashes and without any address
	$(COMPILE) --group build -o requirements-run.lock
	$(COMPILE) --group dev -c requirements-run.lock -o requirements.lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .arpent .torture
