# Everything here makes its own virtual environment; README.md shows the same in plain pip lines.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
# Processes of the test suite; many tests wait, so there may be more of them than cores.
WORKERS ?= 3

.PHONY: help setup demo test test-all test-postgresql check docs format translations wheel requirements audit sbom benchmarks release clean
.DEFAULT_GOAL := help

help:  ## list what there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/runtime: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/developer: $(VENV)/runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,check,docs,postgresql]'
	touch $@

setup: $(VENV)/runtime  ## make the virtual environment

demo: $(VENV)/runtime  ## this week's personal issue for every sample reader
	$(BIN)/newsletter demo

test: $(VENV)/developer  ## the test suite, without the long ones
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m 'not slow'

test-all: $(VENV)/developer  ## the whole test suite
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

# What is marked postgresql always runs there, and thus in test and test-all already.
test-postgresql: $(VENV)/developer  ## all that uses a store, on PostgreSQL instead of SQLite
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m 'not slow and not postgresql' --store postgresql

check: $(VENV)/developer  ## style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

docs: $(VENV)/developer  ## the documentation as a site, in docs/_build
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build

format: $(VENV)/developer  ## bring the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

translations: $(VENV)/developer  ## bring translations/*.po up to the sentences in the code
	$(BIN)/pybabel --quiet extract -F pyproject.toml -k N_ -k naming -c Translators: --no-location -o $(VENV)/sentences.pot .
	for file in translations/*.po; do $(BIN)/pybabel --quiet update -i $(VENV)/sentences.pot -o $$file -l $$(basename $$file .po) --no-fuzzy-matching --ignore-obsolete --omit-header --width 100 || exit 1; done

wheel: $(VENV)/developer  ## build the distribution into dist/
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps -w dist .

$(VENV)/tools/ready:
	$(PYTHON) -m venv $(VENV)/tools
	$(VENV)/tools/bin/python -m pip install --quiet --disable-pip-version-check uv pip-audit cyclonedx-bom
	touch $@

# What the image installs: the versions of constraints.txt, with the hashes of their files.
LOCK := $(VENV)/tools/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-header --no-emit-index-url
requirements: $(VENV)/tools/ready  ## write deploy/*requirements.txt, the image's dependencies with their hashes
	$(LOCK) --extra postgresql --constraints constraints.txt --output-file deploy/requirements.txt pyproject.toml
	sed -n '/^\[build-system\]/,/^$$/s/^requires = \["\(.*\)"\]$$/\1/p' pyproject.toml | $(LOCK) --constraints constraints.txt --output-file deploy/build-requirements.txt -

audit: $(VENV)/tools/ready  ## ask the index whether a version in the image has a known hole
	$(VENV)/tools/bin/pip-audit --strict --require-hashes --disable-pip --requirement deploy/requirements.txt

sbom: $(VENV)/tools/ready  ## write dist/sbom.json, what the image is made of (CycloneDX)
	mkdir -p dist
	$(VENV)/tools/bin/cyclonedx-py requirements --output-file dist/sbom.json deploy/requirements.txt

# The ablation needs files of real readers and is run by hand.
benchmarks: $(VENV)/developer  ## every benchmark, each against a named reference
	for file in $(filter-out benchmarks/ablation.py,$(wildcard benchmarks/*.py)); do $(BIN)/python $$file || exit 1; done

# The version stands in pyproject.toml; its section in CHANGELOG.md becomes the tag's message.
release: wheel sbom  ## tag the version of pyproject.toml with its section of the changelog
	git diff --quiet HEAD || { echo "error: commit first"; exit 1; }
	version=$$(sed -n 's/^version = "\(.*\)"$$/\1/p' pyproject.toml); \
	notes=$$(sed -n "/^## \[$$version\]/,/^## \[/p" CHANGELOG.md | sed '$${/^## /d}'); \
	test -n "$$notes" || { echo "error: CHANGELOG.md has no section [$$version]"; exit 1; }; \
	printf '%s\n' "$$notes" | git tag -a "v$$version" -F - --cleanup=verbatim && echo "tagged v$$version; push it with: git push origin v$$version"

clean:  ## remove what was made, but not var/
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
