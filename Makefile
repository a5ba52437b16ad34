# Every target does all of its own set-up. `make help` lists them.
SHELL := /bin/sh
VENV := .venv
PY := $(VENV)/bin/python
# The newest supported Python on PATH, unless PYTHON names one.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)
ARGS ?=
# What depends on the database's own ways of locking, deleting and comparing.
ON_POSTGRESQL := $(addprefix tests/jobs/test_,claim.py on_postgresql.py status.py outcome.py tree.py allowances.py\
	notifications.py notifications_webhooks.py)

.PHONY: help setup demo run wheel image-test test test-postgresql check audit lock programs chaos bench-web bench-downloads clean bench-training bench-timeline bench-memory bench-fit-memory bench-quality bench-reading bench-scale bench-crowd bench-queue

help:
	@echo "make demo     try it: a real training job and a real download on a scratch folder"
	@echo "make run      the site for real, at http://127.0.0.1:8000"
	@echo "make test     the whole test suite        make check    linters, types, contracts"
	@echo "make audit    known weaknesses of what is locked (asks the network)"
	@echo "make setup    set-up only                 make lock     renew the hashed lock files"
	@echo "make wheel    one file for pip and uv         make image-test  the image, in a bare Debian"
	@echo "make test-postgresql  the whole suite there       make chaos  kills, outages and races (long)"
	@echo "make clean    all that was set up goes; your data in ./var stays"
	@echo "Benchmarks, beside rivals in the same run, with options in ARGS:"
	@echo "make bench-web  bench-downloads  bench-training  bench-timeline  bench-memory  bench-fit-memory  bench-quality  bench-reading  bench-scale  bench-crowd  bench-queue"

setup: $(VENV)/site.stamp build/static.stamp

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed. On Debian or Ubuntu: apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv module is missing. On Debian or Ubuntu: apt-get install $$($(PYTHON) -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/site.stamp: requirements.txt | $(VENV)/bin/python
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@$(PY) -c 'import lightgbm' 2>/dev/null || echo "LightGBM needs libgomp; all else works without it. On Debian or Ubuntu: apt-get install libgomp1"
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt $(VENV)/site.stamp
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

build/static.stamp: $(VENV)/site.stamp $(shell find jobsite/jobs/static -type f)
	@mkdir -p build
	JOBSITE_DATA_DIR=build/scratch $(PY) manage.py collectstatic --noinput --clear --verbosity 0
	@touch $@

demo: setup
	$(PY) -m jobsite.demo $(ARGS)

run: setup
	@exec $(PY) manage.py up $(ARGS)

programs:
	@sh tests/support/programs.sh

test: setup $(VENV)/dev.stamp programs
	$(PY) -m pytest -n 4 --dist loadgroup $(ARGS)
	$(if $(ARGS),,$(PY) -m tests.support.postgresql -n 4 --dist loadgroup $(ON_POSTGRESQL))

# The whole suite on a throw-away PostgreSQL server; `test` runs there what depends on the database.
test-postgresql: setup $(VENV)/dev.stamp programs
	$(PY) -m tests.support.postgresql -n 4 --dist loadgroup $(ARGS)

check: setup $(VENV)/dev.stamp
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports
	$(VENV)/bin/mypy
	$(VENV)/bin/djlint templates --check --lint
	JOBSITE_DATA_DIR=build/scratch $(PY) manage.py check --fail-level WARNING
	JOBSITE_DATA_DIR=build/scratch $(PY) manage.py makemigrations --check --dry-run

# Asks public lists of known weaknesses about each locked package: it needs the network.
audit: $(VENV)/dev.stamp
	$(VENV)/bin/uv tool run pip-audit --requirement requirements.txt --disable-pip --require-hashes

lock: $(VENV)/dev.stamp
	$(VENV)/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --upgrade pyproject.toml -o requirements.txt
	$(VENV)/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --upgrade pyproject.toml requirements-dev.in -c requirements.txt -o requirements-dev.txt
	$(VENV)/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --upgrade pyproject.toml --extra cluster -c requirements.txt -o requirements-cluster.txt

# The command, its pages and its static files in one file for pip and uv, in build/wheel.
wheel: setup $(VENV)/dev.stamp
	rm -rf build/wheel
	$(VENV)/bin/uv build --quiet --wheel --out-dir build/wheel
	@ls build/wheel/*.whl

# The steps of the Dockerfile in a bare Debian, and what comes of them; as root, some minutes.
image-test: setup $(VENV)/dev.stamp
	@sh tests/support/programs.sh debootstrap
	$(PY) -m pytest -s tests/image/containers.py $(ARGS)

clean:
	rm -rf $(VENV) build

chaos: setup $(VENV)/dev.stamp
	TEST_SLACK=1 CHAOS_JOBS=$${CHAOS_JOBS:-1000} CHAOS_SECONDS=$${CHAOS_SECONDS:-400} $(PY) -m pytest -s tests/chaos/test_soak.py $(addprefix tests/chaos/,faults.py recovery.py outages.py presses.py upgrade.py) $(ARGS)
	FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-25} $(PY) -m pytest tests/security/test_fuzz.py
	SMALL_DISK=1 $(PY) -m pytest tests/downloads/test_disk_space.py -k "fills_up or floor"
	$(PY) -m tests.support.postgresql -s tests/chaos/outages.py -k postgresql
	CHAOS_JOBS=$${CHAOS_JOBS:-1000} CHAOS_SECONDS=$${CHAOS_SECONDS:-400} $(PY) -m tests.chaos.plain

bench-web: setup $(VENV)/dev.stamp
	$(PY) -m benchmarks.web

bench-downloads: setup $(VENV)/dev.stamp
	$(PY) -m benchmarks.downloads $(ARGS)

bench-training: setup $(VENV)/dev.stamp
	$(PY) -m benchmarks.training $(ARGS)

bench-timeline: setup $(VENV)/dev.stamp
	$(PY) -m benchmarks.timeline $(ARGS)

bench-memory: setup $(VENV)/dev.stamp
	$(PY) -m benchmarks.memory $(ARGS)

bench-fit-memory: setup $(VENV)/dev.stamp
	$(PY) -m benchmarks.fit_memory $(ARGS)

# Rivals, each in an environment of its own: their needs do not agree with ours.
build/rivals/lightgbm/stamp: NEEDS := lightgbm scikit-learn pandas
build/rivals/flaml/stamp: NEEDS := flaml[automl]
build/rivals/mljar/stamp: NEEDS := mljar-supervised
build/rivals/autogluon/stamp: NEEDS := autogluon.tabular[lightgbm,catboost,xgboost]
build/rivals/%/stamp: | $(VENV)/bin/python
	$(PY) -m venv build/rivals/$*
	build/rivals/$*/bin/python -m pip install --quiet --disable-pip-version-check "$(NEEDS)"
	@touch $@

bench-quality: setup $(VENV)/dev.stamp $(foreach tool,lightgbm flaml mljar autogluon,build/rivals/$(tool)/stamp)
	$(PY) -m benchmarks.quality --rivals build/rivals $(ARGS)

bench-reading: setup $(VENV)/dev.stamp
	$(PY) -m benchmarks.reading $(ARGS)

bench-scale: setup $(VENV)/dev.stamp
	$(PY) -m benchmarks.scale $(ARGS)

bench-crowd: setup $(VENV)/dev.stamp
	$(PY) -m benchmarks.crowd $(ARGS)

bench-queue: setup $(VENV)/dev.stamp
	$(PY) -m benchmarks.queue $(ARGS)
