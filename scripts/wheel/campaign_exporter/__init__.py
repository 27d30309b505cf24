"""The one package that a wheel installs: our four packages lie in it, each file as in the source.

At the top level these names would overwrite a user's own `alerts.py`, or be overwritten, and pip would not say so. To
rewrite the imports instead would make the code that runs another than the code that is tested, and the names of
modules in texts (`import_module`, `files`, `python -m`) would have to be found too. So the command looks into this
package first, for itself and for the programs it starts. Nobody else's `import` is changed: `main` does it, not the
import of this module.

In the source tree they are where they are, nothing lies in here, and to look here first finds nothing.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command."""
    home = __path__[0]
    sys.path.insert(0, home)
    # The demo's dialler is a `python -m` of its own, which would look into the current directory before anything else.
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
    os.environ["PYTHONSAFEPATH"] = "1"
    from exporter.cli import main as command

    command()
