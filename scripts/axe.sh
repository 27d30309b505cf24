#!/usr/bin/env bash
# Fetch axe-core, by which the tests judge how accessible the pages are, to .venv/axe: pinned by hash, safe to repeat.
set -euo pipefail
cd "$(dirname "$0")/.."
target=.venv/axe
[ "$target/axe.min.js" -nt requirements-axe.lock ] && exit 0
echo "setup: fetching axe-core into $target" >&2
wheels=$(mktemp -d)
trap 'rm -rf "$wheels"' EXIT
.venv/bin/python -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
  --dest "$wheels" -r requirements-axe.lock
mkdir -p "$target"
.venv/bin/python - "$wheels"/*.whl "$target" <<'PYTHON'
import pathlib, sys, zipfile
wheel, target = sys.argv[1:]
text = zipfile.ZipFile(wheel).read("axe_playwright_python/axe.min.js")
pathlib.Path(target, "axe.min.js").write_bytes(text)
PYTHON
