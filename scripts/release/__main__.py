"""Makes a release in dist/, and tries it: `make dist`."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import tempfile
from pathlib import Path

from scripts.release import trial
from scripts.release.bill import bill, licences
from scripts.release.environment import Environment
from scripts.release.running import run, say

ROOT = Path(__file__).resolve().parents[2]
DIST = ROOT / "dist"
LOCK, DEMO_LOCK = ROOT / "requirements-image.lock", ROOT / "requirements.lock"


def main() -> None:
    """Build, check, try, and say what there is."""
    wheel, sdist = _built()
    version = wheel.name.split("-")[1]
    with tempfile.TemporaryDirectory(prefix="campaign-exporter-dist-") as place:
        Path(place).chmod(0o755)  # the demo's PostgreSQL does not run as root, and its data lie here
        environment = Environment(Path(place))
        environment.install_locked(LOCK)
        trial.only_one_name(environment.install_wheel(wheel), version)
        environment.check()
        trial.foreign_modules_are_left(environment)
        trial.commands(environment, version, ROOT)
        told = _told(environment, version)
        requirements = DIST / f"campaign-exporter-{version}.requirements.txt"
        shutil.copyfile(LOCK, requirements)
        environment.install_extra(wheel, "demo", DEMO_LOCK)
        trial.demo(environment)
    files = [wheel, sdist, requirements, *told]
    sums = "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)
    (DIST / "SHA256SUMS").write_text(sums)
    say(f"good: in {DIST.name}/ are SHA256SUMS, {', '.join(path.name for path in files)}")


def _built() -> tuple[Path, Path]:
    """The wheel, built from the source archive, and the archive: so whoever has only the archive can build too."""
    shutil.rmtree(DIST, ignore_errors=True)
    run([sys.executable, "-m", "build", "--no-isolation", "--outdir", DIST, ROOT], ROOT)
    [wheel], [sdist] = DIST.glob("*.whl"), DIST.glob("*.tar.gz")
    say(run([sys.executable, "-m", "twine", "--no-color", "check", "--strict", wheel, sdist], DIST).strip())
    return wheel, sdist


def _told(environment: Environment, version: str) -> tuple[Path, Path]:
    """The files that say what it runs on: the bill of materials, and the licences."""
    found = bill(environment, ROOT, LOCK, "campaign-exporter")
    sbom, listed = (DIST / f"campaign-exporter-{version}.{kind}" for kind in ("cdx.json", "licences.txt"))
    sbom.write_text(json.dumps(found, indent=2) + "\n")
    listed.write_text(licences(found))
    say(f"bill of materials: {len(found['components'])} packages, each with hashes and a licence")
    return sbom, listed


if __name__ == "__main__":
    main()
