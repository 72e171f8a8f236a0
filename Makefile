# Every goal sets up what it needs first; nothing but make and Python 3.11 to 3.13 must be there.
SHELL := /bin/sh
BIN := .venv/bin
export PYTHON

# any Python that runs can start the set-up, which then looks for the right one
setup = $(or $(shell for python in $(PYTHON) python3.13 python3.12 python3.11 python3; do \
	$$python -c '' >/dev/null 2>&1 && echo $$python && break; done),$(error \
	set-up: expected Python 3.11, 3.12 or 3.13, found none: install python3 and python3-venv)) \
	-m tools.setup
# the commands here must not depend on where the caller's shell was
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV

.PHONY: help lab setup test registry-test check notebooks bench faults lock clean clean-data
help:
	@echo 'make lab         set up, start the servers, open JupyterLab on the first notebook'
	@echo 'make setup       set up alone; the command is then .venv/bin/leaderboard'
	@echo 'make test        set up, with a browser, redis-server and Prometheus, and run all tests'
	@echo '                 on two workers; some of them, on one: make test ARGS="-k topics"'
	@echo 'make registry-test  the schema registry tests on a real Apicurio (158 MB, once)'
	@echo 'make check       format, lint, types, schemas, notebooks without output, figures, locks: under a minute'
	@echo 'make notebooks   run notebooks 00 to 10; reports in build/'
	@echo 'make bench       the benchmarks on a quiet machine: PARTS="throughput scale", some of them;'
	@echo '                 ARGS=--short shows only that they work; the peers: 60 MB, once'
	@echo 'make faults      random mixes of faults under load, half an hour; one again: SEEDS=17'
	@echo 'make lock        resolve the dependencies again into requirements/*.lock'
	@echo 'make clean       stop the servers, delete all but data/ (that: make clean-data)'

setup:
	@$(setup) lab

lab: setup
	@$(BIN)/leaderboard lab

test:
	@$(setup) test
	@$(BIN)/python -m pytest $(or $(ARGS),-n 2 --dist worksteal)

# the registry contract on a real Apicurio: 158 MB to fetch once, so it is no part of `make test`
registry-test:
	@$(setup) test
	@$(BIN)/python -m pytest tests/registry/apicurio.py $(ARGS)

check:
	@$(setup) check
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@set -- notebooks/*.ipynb; [ ! -e "$$1" ] || $(BIN)/nbstripout --keep-id --verify "$$@" || \
		{ echo 'check: outputs are not committed; fix: $(BIN)/nbstripout --keep-id notebooks/*.ipynb'; false; }
	@$(BIN)/leaderboard notebooks nav --check
	@$(BIN)/leaderboard schemas check
	@$(BIN)/python -m tools.locks
	@$(BIN)/python -m benchmarks.report --check
	@echo 'check: format, lint, types, schemas, notebooks, figures and locks are in order'

notebooks: setup
	@$(BIN)/leaderboard notebooks run

bench: setup
	@$(BIN)/python -m benchmarks $(PARTS) $(ARGS)

# on servers of their own; all thirty seeds also renew the figures of docs/faults.md
faults: setup
	@$(BIN)/python -m tools.faults $(SEEDS)

LOCK := $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate
lock: setup
	$(LOCK) --group build -o requirements/build.lock
	$(LOCK) pyproject.toml -c requirements/build.lock -o requirements/lab.lock
	$(LOCK) pyproject.toml --extra test -c requirements/lab.lock -c requirements/build.lock \
		-o requirements/test.lock
	set -e; for peer in benchmarks/peers/*/requirements.in; do \
		$(LOCK) $$peer -o $${peer%.in}.txt; done

clean:
	@[ ! -x $(BIN)/leaderboard ] || $(BIN)/leaderboard down || true
	rm -rf build .venv .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

clean-data:
	@[ ! -x $(BIN)/leaderboard ] || $(BIN)/leaderboard down || true
	rm -rf data
