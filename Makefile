# Everything a person runs: `make run` starts Candor, `make test` passes its tests.
# Recipes call what .venv holds; nothing here needs an activated environment.

PYTHON ?= python3
PORT ?= 8080
ARGS ?=
TESTERS ?= 2
BIN := .venv/bin
RUNTIME := .venv/.runtime
DEVELOPMENT := .venv/.development
PAGES := web/node_modules/.installed
MODELS := models/.installed

.PHONY: run setup test check test-browser pictures fuzz torture bench lock clean

run: setup
	$(BIN)/candor serve --dev --port $(PORT) $(ARGS)

setup: $(RUNTIME) $(PAGES) $(MODELS)

# Much of a test is waiting for real time; a file stays whole, in one of the processes.
test: setup $(DEVELOPMENT)
	$(BIN)/pytest --numprocesses $(TESTERS) --dist loadfile

check: setup $(DEVELOPMENT)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest tests/house
	cd web && npm run --silent check

test-browser: setup $(DEVELOPMENT)
	$(BIN)/pytest -m browser tests/browser tests/interop

# The README's pictures, taken anew.  `CANDOR_KEEP_SCREENS=1 make test-browser` leaves every page
# at every size in build/screens.
pictures: setup $(DEVELOPMENT)
	CANDOR_KEEP_SCREENS=1 $(BIN)/pytest -m browser tests/browser/test_call_screens.py \
		tests/browser/test_everywhere.py tests/browser/test_console.py -k "right_at_every_size or (still_and_is_accessible and chat) or wall"
	$(BIN)/python -m tests.browser.pictures

fuzz: setup $(DEVELOPMENT)
	$(BIN)/pytest --numprocesses $(TESTERS) --dist load -m long tests

# Chat's server is killed 200 times under load; CI's long job does it 25 times.
torture: setup $(DEVELOPMENT)
	CANDOR_TORTURE_KILLS=200 $(BIN)/pytest -m long -s tests/interop/test_chat_kills.py

bench: setup $(DEVELOPMENT)
	$(BIN)/python -m bench.store
	$(BIN)/python -m bench.fanout

# The locks record versions and hashes only, never the address of a registry.
lock: $(DEVELOPMENT)
	$(BIN)/pip install --quiet pip-tools
	$(BIN)/pip-compile $(LOCK_FLAGS) --output-file requirements.lock pyproject.toml
	$(BIN)/pip-compile $(LOCK_FLAGS) --extra dev --output-file requirements-dev.lock pyproject.toml

LOCK_FLAGS := --quiet --generate-hashes --allow-unsafe --strip-extras --all-build-deps \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate

$(RUNTIME): requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(DEVELOPMENT): requirements-dev.lock $(RUNTIME)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

$(MODELS): detection/models.lock | $(RUNTIME)
	$(BIN)/candor models install --folder models
	touch $@

$(PAGES): web/package-lock.json
	cd web && npm ci --silent --no-audit --no-fund
	touch $@

clean:
	rm -rf .venv models web/node_modules build .mypy_cache .ruff_cache .pytest_cache
