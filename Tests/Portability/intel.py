"""Intel's OpenCL runtime for processors, which comes as wheels from PyPI and runs on AMD's as well."""
import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile

# Without the second the first offers no platform at all, silently.
PACKAGES = ["intel-opencl-rt==2026.2.0", "intel-cmplr-lib-rt==2026.2.0"]


class Unavailable(Exception):
    """Why the runtime could not be had."""


def library():
    """The path of the driver, which is fetched when it is not in the cache yet.

    The wheels' own .icd files name a place that does not exist, so the caller writes one.
    """
    caches = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    folder = caches / "char-rnn" / "-".join(PACKAGES).replace("==", "-")
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as partial:
            fetch(pathlib.Path(partial))
            # Whole or not at all.
            (pathlib.Path(partial) / "lib").rename(folder)
    return folder / "libintelocl.so"


def fetch(folder):
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:",
        "--dest", folder, *PACKAGES,
    ]
    outcome = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if outcome.returncode:
        last = (outcome.stdout.strip() or "no message").splitlines()[-1]
        raise Unavailable(f"pip cannot download {' '.join(PACKAGES)}: {last}")
    (folder / "lib").mkdir()
    written = {}
    for wheel in folder.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.infolist():
                path = pathlib.PurePosixPath(member.filename)
                # Their loader would take the place of the system's.
                if path.parent.name != "lib" or path.name.startswith("libOpenCL"):
                    continue
                target = folder / "lib" / path.name
                # Wheels have no links: the same library comes under several names.
                twin = written.setdefault((member.CRC, member.file_size), target)
                if twin is target:
                    target.write_bytes(archive.read(member))
                else:
                    target.hardlink_to(twin)
