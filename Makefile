# make demo: brighten one photo.  make test: every check of the code.  make quick: those of a minute.
# make docs: build the site.  make docs-check: run every command of the documentation.
# make wheel: build sdist and wheel.  make models: train what is shipped.
# make page: build the page that runs in the browser, which the wheel then holds.  make page-test: its own tests (both need node).
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
BUILT_FROM := pyproject.toml $(wildcard src/pielight/ops/_*.c src/pielight/ops/_*.h)

.PHONY: demo test quick docs docs-check wheel lint format models page page-test

# Seeds of `make models`, where its runs go, and the VGG16 of the losses: a file, or `download` (torchvision's, 528 MB).
SEEDS ?= 0
RUNS ?= runs
FEATURES ?=

# Two stamps in one environment: what using pielight needs, and what working on it needs.
$(VENV)/core.stamp: $(BUILT_FROM)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/dev.stamp: $(BUILT_FROM) requirements/constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]' -c requirements/constraints.txt
	touch $(VENV)/core.stamp $@

demo: $(VENV)/core.stamp
	$(BIN)/pielight docs/rocket.jpg --output demo/ --existing overwrite
	@echo "before: docs/rocket.jpg   after: demo/rocket.jpg"

lint: $(VENV)/dev.stamp
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy
	$(BIN)/python -m codespell_lib .
	$(BIN)/lint-imports --no-logo --no-cache

# With one test process for each core, more threads of torch would only wait for each other.
test quick docs-check: export OMP_NUM_THREADS = 1

# Coverage is that of the tests that make quick runs, too: tests/conftest.py takes the tracer off the others.
test: lint
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile -m 'not docs' --cov

# What is not marked slow.
quick: $(VENV)/dev.stamp
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile -m 'not docs and not slow'

# The site, in site/. It loads nothing from elsewhere; a broken link is an error.
docs: $(VENV)/dev.stamp
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --strict

# With the page, where it can be built.
wheel: $(VENV)/dev.stamp
	if command -v npm > /dev/null; then $(MAKE) page; fi
	rm -rf dist
	$(BIN)/python -m build --no-isolation

# The page, in src/pielight/serve/static/: plain files for any host. PIELIGHT_PAGE_MODEL=free takes the model that is free for any use.
PAGE := src/pielight/serve/static/index.html
PAGE_FROM := $(shell find web/src web/public -type f) $(wildcard web/*.ts web/*.html web/package*.json src/pielight/models/*.onnx)

page: $(PAGE)

$(PAGE): web/node_modules/.package-lock.json $(PAGE_FROM)
	npm --prefix web run build

page-test: web/node_modules/.package-lock.json
	npm --prefix web test

web/node_modules/.package-lock.json: web/package-lock.json
	npm ci --prefix web --no-audit --no-fund

# Every command and snippet of README and docs, in fresh folders on generated pictures.
docs-check: $(VENV)/dev.stamp
	$(BIN)/python -m pytest tests/docs --numprocesses auto --dist worksteal

format: $(VENV)/dev.stamp
	$(BIN)/python -m ruff format .
	$(BIN)/python -m ruff check --fix .

# data/ is laid out by benchmarks/research_data.py and benchmarks/free_data.py. A run that was stopped goes on.
models: $(VENV)/dev.stamp
	set -e; for seed in $(SEEDS); do \
		$(BIN)/pielight train configs/pie.yaml --set seed=$$seed --out $(RUNS)/pie-$$seed; \
		$(BIN)/pielight train configs/free.yaml --set seed=$$seed --out $(RUNS)/free-$$seed; \
		$(BIN)/pielight train configs/denoise.yaml --set seed=$$seed --out $(RUNS)/denoise-first-$$seed; \
		$(BIN)/pielight train configs/denoise-dark.yaml --set weights=$(RUNS)/denoise-first-$$seed/denoise.safetensors \
			--set seed=$$seed --out $(RUNS)/denoise-$$seed; \
		for task in haze rain; do \
			$(BIN)/pielight train configs/$$task.yaml $(if $(FEATURES),--features $(FEATURES)) --set seed=$$seed --out $(RUNS)/$$task-$$seed; \
		done; \
	done
