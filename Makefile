# Every target sets itself up: the virtual environment, its packages, and missing Debian packages.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
GROUPED := $(if $(GROUP_LABELS),--group-labels=$(GROUP_LABELS))
# Tests wait for programs a third of their time.
WORKERS := $(shell expr $$(nproc) + 2)
# They start a hundred processes, each of which would compile everything anew.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help demo test tests coverage prove guards lint fix boards alerts docs chart engines manifests bench bench-alerts dist site \
	lock clean

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): requirements.lock pyproject.toml scripts/setup.sh
	@PYTHON="$(PYTHON)" scripts/setup.sh

demo: $(STAMP) ## A simulated dialler, the exporter on it, Prometheus with its history, Alertmanager (ARGS="--scenario ...")
	@$(if $(findstring --no-stack,$(ARGS)),true,scripts/debian-packages.sh prometheus prometheus-alertmanager || true)
	@exec $(BIN)/campaign-exporter demo $(ARGS)

lint: $(STAMP) ## Style, strict types, and the order of the packages
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache --no-logo

fix: $(STAMP) ## Mend style where that can be done by a program
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

test: $(STAMP) ## Style, types, and all tests on real programs (ARGS="-k name")
	@scripts/debian-packages.sh prometheus prometheus-alertmanager chromium fonts-inter pgbouncer postgresql
	@scripts/axe.sh
	@$(MAKE) --no-print-directory --jobs 2 lint tests  # at once: style and types occupy one core

tests: $(STAMP)
	@test -d tests/__pycache__ || $(BIN)/python -m pytest --collect-only --quiet > /dev/null || true  # compiles them once, not in each worker
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

coverage: $(STAMP) ## The tests once more, watched: which lines they reach (twice as long)
	@$(MAKE) --no-print-directory test ARGS="--cov --cov-report=term $(ARGS)"

prove: $(STAMP) ## What takes longer: random histories, three healthy days, all alert cases (SEED=7 HISTORIES=300)
	@scripts/debian-packages.sh prometheus chromium
	@scripts/axe.sh
	@printf '%s\n' alerts/generated/tests/*.yml | xargs -n 1 -P 2 promtool test rules
	@PROVE=$(or $(SEED),7) $(BIN)/python -m pytest --numprocesses 3 --dist loadgroup --no-loadscope-reorder \
		--hypothesis-seed=$(or $(SEED),7) \
		$$(grep -rlwE --include="test_*.py" "PROVING|HISTORIES|proven" tests) \
		tests/calendar tests/diagnosis tests/metrics tests/state $(ARGS)

guards: $(STAMP) ## The random histories fail without any one of the guards that keep figures exact
	@PROVE=$(or $(SEED),7) GUARDS=1 $(BIN)/python -m pytest --numprocesses 3 --dist load \
		tests/integration/test_exactness.py -k fails_without $(ARGS)

boards: $(STAMP) ## Write the dashboards anew (dashboards/generated; GROUP_LABELS=cluster tells platforms apart)
	@$(BIN)/campaign-exporter dashboards build $(GROUPED) --out dashboards/generated

alerts: $(STAMP) ## Write the alert rules, their tests and routes anew (alerts/generated; GROUP_LABELS as for boards)
	@$(BIN)/campaign-exporter alerts build $(GROUPED) --out alerts/generated

docs: $(STAMP) ## Write the generated pages and schemas anew (contract, metrics, configuration, the chart's values, ...)
	@$(BIN)/python scripts/generate_docs.py
	@$(BIN)/python -m scripts.helm_chart

# Debian has no Helm. One that is on the PATH does, or HELM=/path/to/helm.
HELM_VERSION := v4.3.1
HELM ?= $(or $(shell command -v helm),$(CURDIR)/.cache/helm)

$(CURDIR)/.cache/helm:
	@command -v go >/dev/null || { echo "missing programs: helm, and go to build it; install either" >&2; exit 1; }
	@echo "setup: building Helm $(HELM_VERSION) into .cache, which takes some minutes" >&2
	@GOBIN=$(@D) go install helm.sh/helm/v4/cmd/helm@$(HELM_VERSION)

chart: $(STAMP) $(HELM) ## The Helm chart: lint, render it over a matrix of values, hold that against schemas, package it (dist/)
	@$(HELM) lint --strict --quiet --values deploy/kubernetes/values.yaml deploy/helm/campaign-exporter
	@scripts/debian-packages.sh prometheus
	@HELM=$(HELM) $(BIN)/python -m pytest tests/deploy/test_chart.py tests/deploy/test_kubernetes.py $(ARGS)
	@$(HELM) package --destination dist deploy/helm/campaign-exporter

# Debian has Prometheus 2, and a VictoriaMetrics that does not know keep_firing_for. ENGINES=/a/folder holds these:
PROMETHEUS_3 := prometheus promtool
VICTORIA := victoria-metrics vmagent vmalert vmalert-tool
PROMETHEUS_3_VERSION := v0.316.0
VICTORIA_VERSION := v1.151.0
ENGINES ?= $(CURDIR)/.cache/engines

$(addprefix $(CURDIR)/.cache/engines/,$(PROMETHEUS_3) $(VICTORIA)):
	@command -v go >/dev/null || { echo "missing program: go, to build $(@F); or ENGINES=/a/folder that has it" >&2; exit 1; }
	@echo "setup: building $(@F) into .cache/engines, which takes some minutes" >&2
	@GOBIN=$(@D) go install $(if $(filter $(@F),$(VICTORIA)),github.com/VictoriaMetrics/VictoriaMetrics/app/$(@F)@$(VICTORIA_VERSION),github.com/prometheus/prometheus/cmd/$(@F)@$(PROMETHEUS_3_VERSION))

engines: $(STAMP) $(addprefix $(ENGINES)/,$(PROMETHEUS_3) $(VICTORIA)) ## Rules and boards on Prometheus 3 and VictoriaMetrics
	@scripts/debian-packages.sh prometheus prometheus-alertmanager postgresql
	@ENGINES=$(ENGINES) $(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder tests/engines \
		tests/end_to_end/test_created.py $(ARGS)

manifests: $(STAMP) $(HELM) ## Write the plain manifests anew (deploy/kubernetes)
	@$(BIN)/python -m scripts.helm_chart $(HELM)

# The exporters we are compared with live apart: they may pin other versions of the same libraries.
.venv-bench/.installed: requirements-bench.lock $(STAMP)
	@echo "setup: installing the exporters to compare with into .venv-bench" >&2
	@$(BIN)/python -m venv .venv-bench
	@.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
		-r requirements-bench.lock
	@touch $@

bench: .venv-bench/.installed ## Compare with other ways to export the same figures (ARGS="--tasks 1000000 --calls 2000000")
	@scripts/debian-packages.sh prometheus-sql-exporter nginx
	@$(BIN)/python -m benchmarks $(ARGS)

bench-alerts: $(STAMP) ## How good the alerts are: worlds in which things go wrong, and healthy days (SEEDS=101-120 DAYS=30 ARGS=...)
	@scripts/debian-packages.sh prometheus prometheus-alertmanager
	@$(BIN)/python -m benchmarks.alerts --seeds $(or $(SEEDS),101-120) --healthy-days $(or $(DAYS),30) $(ARGS)

.venv-release/.installed: requirements-release.lock | $(STAMP)
	@echo "setup: installing what releases are made with into .venv-release" >&2
	@$(BIN)/python -m venv .venv-release
	@.venv-release/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
		-r requirements-release.lock
	@touch $@

dist: .venv-release/.installed ## A release in dist/: wheel, sources, bill of materials; installed elsewhere and tried there
	@.venv-release/bin/python -m scripts.release

.venv-site/.installed: requirements-site.lock | $(STAMP)
	@echo "setup: installing what the site is made with into .venv-site" >&2
	@$(BIN)/python -m venv .venv-site
	@.venv-site/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
		-r requirements-site.lock
	@touch $@

site: .venv-site/.installed ## The documentation as a site in site/, all links checked (REPOSITORY=https://...)
	@REPOSITORY="$(REPOSITORY)" NO_MKDOCS_2_WARNING=1 .venv-site/bin/mkdocs build --quiet
	@echo "site: written to site/; to read it: python3 -m http.server --directory site 8000"

lock: $(STAMP) ## Pin the newest allowed versions anew
	@scripts/lock.sh

clean: ## Remove what the targets made, the demo's database included
	rm -rf .venv .venv-bench .venv-release .venv-site .cache .demo .pytest_cache .mypy_cache .ruff_cache .hypothesis \
		.coverage build dist site *.egg-info
