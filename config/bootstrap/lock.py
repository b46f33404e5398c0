"""./dev lock: write requirements/*.txt anew from pyproject.toml, exact versions with hashes, for every Python we support."""

import shutil
import subprocess
import sys
from pathlib import Path

from config.bootstrap.places import ROOT

# No file may carry an address of an index or a folder of this machine: those behind a mirror have their own.
OPTIONS = (
    *("--universal", "--python-version", "3.11", "--generate-hashes", "--upgrade", "--quiet"),
    *("--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"),
)
# The widest list first; the others keep to its versions, so that each contains the one before.
LISTS = {"dev": ("--group", "dev"), "test": ("--group", "test"), "run": ()}


def main() -> int:
    beside_python = Path(sys.prefix) / "bin" / "uv"
    uv = shutil.which("uv") or (str(beside_python) if beside_python.exists() else None)
    if not uv:
        print("./dev lock needs uv: .venv/bin/python -m pip install --require-hashes -r requirements/uv.txt", file=sys.stderr)
        return 1
    for name, groups in LISTS.items():
        keep = () if name == "dev" else ("--constraints", "requirements/dev.txt")
        _compile(uv, ["pyproject.toml", *groups, *keep], f"requirements/{name}.txt")
    _compile(uv, ["-"], "requirements/uv.txt", given="uv")
    return 0


def _compile(uv: str, sources: list[str], target: str, *, given: str = "") -> None:
    print(target, flush=True)
    subprocess.run([uv, "pip", "compile", *sources, *OPTIONS, "--output-file", target], cwd=ROOT, input=given, text=True, check=True)


if __name__ == "__main__":
    sys.exit(main())
