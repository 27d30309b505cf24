#!/usr/bin/env bash
# Make the virtual environment in .venv with exactly the locked packages. Called by make; safe to repeat.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "setup: '$python' is not Python 3.11 or newer; name one that is: make PYTHON=python3.12 ..." >&2
  exit 1
fi
# Debian ships the parts that make virtual environments as a package of their own.
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  scripts/debian-packages.sh "python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
fi
[ -x .venv/bin/python ] || "$python" -m venv .venv
echo "setup: installing the locked packages into .venv" >&2
# The lock names every package, so nothing is left to resolve: the pip that Python 3.11 brings would stumble over an
# extra, such as coverage[toml], once a version newer than the locked one is out.
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
.venv/bin/python -m pip check --disable-pip-version-check >&2
touch .venv/.installed
