# `make demo` runs the main job, `make test` passes the tests; each creates the environment it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# As installing a package does: where Python is told not to write bytecode, every command would compile all of it again.
COMPILE = $(BIN)/python -m compileall -q src
# The other programs there are parts of these, or made the data of one.
BENCHMARKS := startup tracking engine compile flow search search_speed search_busy
# The unit tier in two halves of about the same length, which `make check` runs side by side.
UNIT_HEAVY := $(wildcard $(addprefix tests/unit/,compiler engine scheduler))
UNIT_LIGHT := $(filter-out $(UNIT_HEAVY),$(wildcard tests/unit/*))
QUICKLY := -q -m "not slow and not bomb" --hypothesis-profile=quick
CHECKS := check-unit-heavy check-unit-light check-types check-format check-lint check-layers check-sizes

# Minutes of fuzzing for each of the three targets.
MINUTES ?= 10
SECONDS_EACH ?= $(shell echo $$(($(MINUTES) * 60)))
FUZZERS := fuzz-files fuzz-templates fuzz-patches

.PHONY: help install demo test check bench slow fuzz fuzz-install format clean $(CHECKS) $(FUZZERS)

help:
	@echo "make demo    run examples/quick-start: build, experiment, search, best models"
	@echo "make test    all tests that need no server"
	@echo "make check   format, lint, types, layers, sizes and unit tests: what a commit must pass"
	@echo "make slow    the tests that take minutes: crashes, kills, random histories"
	@echo "make fuzz    look for inputs that crash or take too much; MINUTES=10 for each of three targets"
	@echo "make bench   the benchmarks"
	@echo "make format  rewrite the sources in the house format"
	@echo "make clean   remove the environment, the demo's home and all caches"

$(STAMP): pyproject.toml
	@echo "==> creating $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@echo "==> installing polyaxon and its development tools"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	@$(COMPILE)
	@touch $@

install: $(STAMP)

demo: $(STAMP)
	@BIN=$(BIN) tools/demo

test: $(STAMP)
	@$(BIN)/python -m pytest -m "not slow"

slow: $(STAMP)
	@$(BIN)/python -m pytest -m slow

# The checks run at once; each one's output comes in one piece.
check: $(STAMP)
	@$(MAKE) --no-print-directory --jobs=3 --keep-going --output-sync=target $(CHECKS) && echo "==> all checks passed"

check-format: $(STAMP)
	@$(BIN)/ruff format --check --quiet . && echo "format  ok"

check-lint: $(STAMP)
	@$(BIN)/ruff check --quiet . && echo "lint    ok"

check-types: $(STAMP)
	@$(BIN)/mypy --no-error-summary && echo "types   ok"

check-layers: $(STAMP)
	@PYTHONPATH=src $(BIN)/lint-imports --no-logo > $(VENV)/layers.txt 2>&1 && echo "layers  ok" || { cat $(VENV)/layers.txt; exit 1; }

check-sizes: $(STAMP)
	@$(BIN)/python tools/sizes.py && echo "sizes   ok"

check-unit-heavy: $(STAMP)
	@$(BIN)/python -m pytest $(UNIT_HEAVY) $(QUICKLY)

check-unit-light: $(STAMP)
	@$(BIN)/python -m pytest $(UNIT_LIGHT) $(QUICKLY)

bench: $(STAMP)
	@$(COMPILE)
	@for name in $(BENCHMARKS); do echo "==> benchmarks/$$name.py"; $(BIN)/python benchmarks/$$name.py || exit 1; done

fuzz: $(FUZZERS)

fuzz-install: $(STAMP)
	@$(BIN)/python -c "import atheris" 2> /dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check --group fuzz

$(FUZZERS): fuzz-%: fuzz-install
	@$(BIN)/python tests/fuzz/fuzz.py $* -max_total_time=$(SECONDS_EACH) $(FUZZ)

format: $(STAMP)
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

clean:
	@rm -rf $(VENV) build .demo .fuzz .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
