#!/usr/bin/env bash
# Write requirements.lock, and those of the benchmarks, the container image, releases and the site, with pinned versions
# and hashes for Python 3.11 and newer.
set -euo pipefail
cd "$(dirname "$0")/.."
.venv/bin/python -m pip install --quiet --disable-pip-version-check uv
compile() {
  output=$1; shift
  .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-emit-find-links --no-header --emit-build-options --output-file "$output" "$@"
}
compile requirements.lock pyproject.toml scripts/build-requirements.in --extra dev
compile requirements-bench.lock pyproject.toml --extra bench --constraint requirements.lock
# The image holds what the exporter needs to run; what builds its package stays behind in a stage of its own.
compile requirements-image.lock pyproject.toml --constraint requirements.lock
compile requirements-build.lock scripts/build-requirements.in --constraint requirements.lock
# What makes a release and the site has many packages of its own, which no test needs.
compile requirements-release.lock scripts/release-requirements.in scripts/build-requirements.in \
  --constraint requirements.lock
compile requirements-site.lock scripts/site-requirements.in --constraint requirements.lock
