# The console's commands; `make` alone lists them. ARGS=… reaches the command behind each.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test check lint types layers django bench fmt chromium

PY := .venv/bin/python
PIP := $(PY) -m pip --quiet --disable-pip-version-check --no-input
# The first Python that is new enough; PYTHON=… names another.
FOUND = $(shell for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/requirements ## start the console; Ctrl+C stops it
	@$(PY) manage.py up $(ARGS)

test: .venv/dev chromium ## run all tests, on servers of their own
	@$(PY) -m pytest $(ARGS)

check: lint types layers django ## everything that can be told without running

lint: .venv/dev ## style of Python and of templates
	@$(PY) -m ruff check --quiet .
	@$(PY) -m ruff format --quiet --check .
	@$(PY) -m djlint --quiet --lint templates

types: .venv/dev ## mypy, strict
	@$(PY) -m mypy

layers: .venv/dev ## imports go down only
	@.venv/bin/lint-imports --no-logo

django: .venv/dev ## Django's own checks, as for a public address, and missing migrations
	@PUBLIC_URL=https://console.example.com $(PY) manage.py check --deploy --fail-level WARNING
	@$(PY) -W ignore manage.py makemigrations --check --dry-run

bench: .venv/dev ## measure ours against peers
	@$(PY) -m tests.bench $(ARGS)

fmt: .venv/dev ## write Python in the house's form
	@$(PY) -m ruff check --quiet --fix .
	@$(PY) -m ruff format .

.venv/bin/python:
	@test -n "$(FOUND)" || { echo "The console needs Python 3.11 or newer: install it, or name it in PYTHON=…"; exit 1; }
	@package=$$($(FOUND) -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'); \
	$(FOUND) -c 'import ensurepip' 2>/dev/null || .ci/install $$package || \
	{ echo "This Python cannot make environments: sudo apt-get install $$package"; exit 1; }
	@rm -rf .venv && $(FOUND) -m venv .venv

.venv/requirements: requirements.txt .venv/bin/python
	@echo "Installing what the console needs (about a minute) …"
	@$(PIP) install pip==26.3 && $(PIP) install -r requirements.txt && touch $@

.venv/dev: pyproject.toml .venv/requirements
	@echo "Installing what the developers need …"
	@$(PIP) install --group dev && touch $@

chromium:
	@{ command -v chromium && fc-list :lang=zh | grep -q .; } >/dev/null 2>&1 || \
	.ci/install chromium fonts-noto-cjk || \
	echo "Without chromium the browser tests are skipped: sudo apt-get install chromium fonts-noto-cjk"
