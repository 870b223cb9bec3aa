# Every target sets up .venv by itself when it is missing or older than the requirements.
PYTHON ?= python3.11
BIN := .venv/bin
READY := .venv/.ready
SIDE_BY_SIDE := --numprocesses auto --dist loadscope --no-loadscope-reorder

.PHONY: fraud search report test test-slow torture lint bench requirements
.DEFAULT_GOAL := fraud

fraud: $(READY)  ## the main job; options go in ARGS: make fraud ARGS="--preset quick"
	$(BIN)/python experiments/fraud.py $(ARGS)

search: $(READY)  ## tune an experiment: make search ARGS="fashion_mnist --workers 2"
	$(BIN)/python tuning/search.py $(ARGS)

report: $(READY)  ## all runs on one page, report/index.html
	$(BIN)/python -m keras_suite report runs/ -o report/ $(ARGS)

test: $(READY)  ## what is not slow; tests that need extras are skipped where they are missing
	$(BIN)/python -m pytest -m "not slow" $(SIDE_BY_SIDE) $(ARGS)

test-slow: $(READY)  ## kills of real processes, clusters, a browser, wheels
	$(BIN)/python -m pytest -m slow $(SIDE_BY_SIDE) $(ARGS)

torture: $(READY)  ## an hour of kills, full drives, malformed inputs: ARGS="--only inputs"
	$(BIN)/python -m tests.torture $(ARGS)

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/pyright

bench: $(READY)
	for file in benchmarks/*.py; do $(BIN)/python $$file || exit 1; done

# Pins every version again, for all platforms, within the ranges of pyproject.toml.
requirements:
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
	  --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet \
	  --output-file requirements.txt
	printf -- '-e .\n' >> requirements.txt

$(READY): requirements.txt pyproject.toml setup.py
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $(READY)
