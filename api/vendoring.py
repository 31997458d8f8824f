"""Fetches what api/static/vendor holds anew, by the versions its manifest names: ``python -m api.vendoring``. For maintainers; a desk never runs it.

Needs npm. Prints what differs, and takes it over with ``--write``, hashes included. To move to another version, change it in the manifest first.
"""

import hashlib
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory

VENDOR = Path(__file__).parent / "static" / "vendor"
MANIFEST = VENDOR / "manifest.toml"


def known() -> list[dict[str, str]]:
    """The assets of the manifest."""
    assets: list[dict[str, str]] = tomllib.loads(MANIFEST.read_text(encoding="utf-8"))["asset"]
    return assets


def packed(asset: dict[str, str]) -> tuple[bytes, bytes]:
    """File and licence as the package has them, the file without the pointer to a map that is not kept here."""
    with TemporaryDirectory() as place:
        pack = ["npm", "pack", "--silent", f"{asset['package']}@{asset['version']}"]
        subprocess.run(pack, cwd=place, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 -- names of our own list
        with tarfile.open(next(Path(place).glob("*.tgz"))) as archive:
            file, licence = (archive.extractfile(f"package/{asset[name]}") for name in ("taken_from", "licence_from"))
            assert file is not None
            assert licence is not None
            kept = b"\n".join(line for line in file.read().splitlines() if b"sourceMappingURL=" not in line).strip() + b"\n"
            return kept, licence.read()


def refresh(*, is_to_be_written: bool) -> bool:
    """Whether everything is as the packages have it. Where it is not and shall be written, it is afterwards."""
    is_same, manifest = True, MANIFEST.read_text(encoding="utf-8")
    for asset in known():
        file, licence = packed(asset)
        digest = hashlib.sha256(file).hexdigest()
        is_same = is_same and digest == asset["sha256"]
        sys.stdout.write(f"{asset['package']} {asset['version']}: {'as it is' if digest == asset['sha256'] else digest}\n")
        if is_to_be_written:
            (VENDOR / asset["file"]).write_bytes(file)
            (VENDOR / asset["licence_file"]).write_bytes(licence)
            manifest = manifest.replace(asset["sha256"], digest)
    if is_to_be_written:
        MANIFEST.write_text(manifest, encoding="utf-8")
    return is_same


if __name__ == "__main__":
    sys.exit(0 if refresh(is_to_be_written="--write" in sys.argv[1:]) or "--write" in sys.argv[1:] else 1)
