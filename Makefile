# Xueshi: `make demo` and `make test` do all the set-up they need; see README.md.
PYTHON ?= python3
BIN = .venv/bin
.PHONY: setup demo test check years sequences crash bench compiled docs examples time-skipping

# Everything a fresh machine needs: virtual environment, packages, fonts, the Temporal server. Repeats cost a second.
setup:
	@$(PYTHON) setup/prepare.py

# A whole campaign on sample workbooks in a new folder, with a worker killed on the way.
demo: setup
	@$(BIN)/xueshi demo

# All tests but the long ones, on up to four cores; missing parts are skipped with the command that gets them.
test: setup
	@$(BIN)/pytest -m "not crash" -q -n auto --maxprocesses 4 --dist worksteal

# A scripted year of every region, January to the report, each event against what it expects.
years: setup
	@$(BIN)/pytest -m years -q

# Thousands of random sequences of commands for every machine; the counts stand at the end.
sequences: setup
	@$(BIN)/pytest -m sequences --hypothesis-profile=many -q -n auto --maxprocesses 4 --dist worksteal

# The long tests that kill real processes.
crash: setup
	@$(BIN)/pytest -m crash -q

# Temporal's time-skipping test server (Java 17, Maven), for the tests that live through a quarter in seconds.
time-skipping:
	@$(PYTHON) setup/time_skipping/fetch.py

# Optional: the interpreter as machine code, for millions of people, in an environment of its own (.venv-compiled), tested there.
compiled: setup
	@$(PYTHON) setup/compiled_environment.py
	@.venv-compiled/bin/pytest -q tests/assessment tests/regulations tests/cli/test_cases.py

# Every published figure of benchmarks/README.md, beside the peers, in an environment of its own (.venv-bench).
bench: setup
	@$(PYTHON) setup/bench_environment.py
	@.venv-bench/bin/python benchmarks/peers/check.py
	@.venv-bench/bin/python benchmarks/beside_peers.py
	@.venv-bench/bin/python benchmarks/person_year.py
	@if [ -f .venv-compiled/xueshi-setup ]; then for each in beside_peers person_year; do \
	  PYTHONPATH=$$(echo .venv-compiled/lib/python3*/site-packages) .venv-bench/bin/python benchmarks/$$each.py || exit; done; fi
	@.venv-bench/bin/python benchmarks/durable/rounds.py decisions
	@.venv-bench/bin/python benchmarks/durable/rounds.py recovery

# What CI holds the code to: format, lint, types, arrows between and inside the distributions, words, documents.
check: setup
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@$(BIN)/mypy
	@$(BIN)/mypy setup $(wildcard plugins/*/xueshi_*)
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/pytest -q tests/test_architecture.py tests/test_docs.py

# The pages that are written from code and metadata: docs/hooks.md, docs/vocabulary.md, THIRD_PARTY.md.
docs: setup
	@$(BIN)/python setup/hooks_page.py
	@$(BIN)/python setup/vocabulary_page.py
	@$(BIN)/python setup/licences.py

# The workbooks of examples/, from their script; a test imports each of them.
examples: setup
	@$(BIN)/python setup/example_workbooks.py
