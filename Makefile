# Every command a contributor types. `make` alone prints them.

VENV := .venv
BIN := $(VENV)/bin
# The one that .venv was made with, once it is there.
PYTHON ?= $(or $(wildcard $(BIN)/python),python3)
SPHINXOPTS ?= --fail-on-warning --keep-going --nitpicky
# Two files at a time, each with a database of its own. In the order of their names,
# or the whole rehearsal, a few long tests, would come last and alone.
PYTESTOPTS ?= --numprocesses 2 --dist loadfile --no-loadscope-reorder
HTML ?= build/html
DOCTREES := build/doctrees
# Shown each time: the demo data is for this machine, as .env.example's key is.
PASSWORD := on-this-machine-only

# $(call say,MESSAGE): one line on standard error, then stop.
say = { echo "make: $(1)" >&2; exit 1; }
# $(call set-up,PARTS): have what a target needs.
set-up = { command -v $(PYTHON) > /dev/null || $(call say,$(PYTHON) is missing: install Python 3.11 or newer); } \
	&& $(PYTHON) -m tools.set_up $(1)

.DEFAULT_GOAL := help
.PHONY: help html serve lint test rehearse heroku record run screenshots linkcheck facts audit bench clean

help:  ## print this list
	@sed -n 's/^\([a-z]*\):.*  ## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

html:  ## build the guide into build/html
	@$(call set-up,pages)
	@$(BIN)/python -m tools.once build/html.lock \
		$(BIN)/sphinx-build --quiet $(SPHINXOPTS) --conf-dir . --doctree-dir $(DOCTREES) docs $(HTML) \
		|| { rm -rf $(DOCTREES); exit 1; }  # or the next build would not warn again
	@echo "The guide is built: open $(HTML)/index.html"

serve:  ## preview the guide; pages reload when you save
	@$(call set-up,tests)
	@$(BIN)/sphinx-autobuild --port $$($(BIN)/python -m tools.ports 8000) --conf-dir . --doctree-dir $(DOCTREES) \
		--watch example --watch conf.py docs $(HTML)

# PyPI has Biome for Linux on x86-64 only; elsewhere CI looks.
lint:  ## check style and spelling of pages, code, templates and style sheets
	@$(call set-up,tests)
	@$(BIN)/doc8 --quiet docs
	@$(BIN)/sphinx-lint --enable default-role docs README.md CONTRIBUTING.md
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --quiet --check || $(call say,some files are not formatted: run $(BIN)/ruff format)
	@test ! -x $(BIN)/biome || $(BIN)/biome format > /dev/null || $(call say,a style sheet or script is not formatted: run $(BIN)/biome format --write)
	@$(BIN)/djade --check --target-version 5.2 $$(find example -path '*/templates/*.html')
	@$(BIN)/codespell

# What cannot be had is said before anything else takes its time.
.PHONY: set-up
set-up:
	@$(call set-up,tests git cli postgres browser)

test: set-up html lint  ## lint, then run every test and the rehearsal
	@$(BIN)/python -m pytest $(PYTESTOPTS)
	@TEST_DATABASE=sqlite $(BIN)/python -m pytest $(PYTESTOPTS) tests/test_app_*.py

rehearse: html  ## perform the guide on this machine; PAGE=deploy/push stops there
	@$(call set-up,git cli postgres)
	@$(BIN)/python -m rehearsal $(PAGE)

heroku: html  ## perform the steps on Heroku itself, for some cents; YES=1 does not ask
	@$(call set-up,git cli postgres)
	@$(BIN)/python -m rehearsal --on-heroku $(if $(YES),--yes) $(PAGE)

record: html  ## perform the whole guide and record that, for a maintainer to commit
	@$(call set-up,git cli postgres)
	@$(BIN)/python -m rehearsal --record

run:  ## start the example app with demo data on this machine
	@$(call set-up,app)
	@test -e example/.env || cp example/.env.example example/.env
	@port=$$($(BIN)/python -m tools.ports 8000) && cd example && ../$(BIN)/python manage.py migrate \
		&& ../$(BIN)/python manage.py seed_demo --password $(PASSWORD) && ../$(BIN)/python manage.py runserver $$port

screenshots:  ## retake the pictures of the example app
	@$(call set-up,browser)
	@$(BIN)/python -m tools.screenshots

linkcheck:  ## ask every external link of the guide
	@$(call set-up,pages)
	@$(BIN)/sphinx-build --builder linkcheck --conf-dir . docs build/linkcheck

facts:  ## name the facts of docs/facts.toml that nobody has checked for a year
	@$(PYTHON) docs/_extensions/facts.py

audit:  ## ask PyPI for known vulnerabilities of what the app installs
	@$(call set-up,tests)
	@$(BIN)/pip-audit --requirement example/requirements.txt --strict --progress-spinner off

bench:  ## measure the example against a bare Django project
	@$(call set-up,tests postgres)
	@$(BIN)/python -m benchmarks

clean:  ## remove what make made
	@rm -rf build $(VENV) rehearsal/node_modules* rehearsal/wheels example/staticfiles example/.env example/db.sqlite3 \
		.pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -prune -exec rm -rf {} +
