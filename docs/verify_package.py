"""Verify a Loa package folder with openssl and sha256sum alone: python3 verify_package.py FOLDER [FINGERPRINT]."""
import base64
import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

folder = Path(sys.argv[1])
own, shared = ((folder / name).read_bytes() for name in ("station.json", "manifest.json"))
station, manifest = json.loads(own), json.loads(shared)
key = base64.b64decode(manifest["sender"]["public_key"])
digits = hashlib.sha256(key).hexdigest()[:32]
fingerprint = "-".join(digits[at : at + 4] for at in range(0, 32, 4))
if len(sys.argv) > 2 and sys.argv[2] != fingerprint:
    sys.exit(f"signed by {fingerprint}, not by {sys.argv[2]}")
with tempfile.TemporaryDirectory() as aside:
    (signed := Path(aside) / "signed").write_bytes(own + shared)
    (public := Path(aside) / "public").write_bytes(bytes.fromhex("302a300506032b6570032100") + key)
    subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", public, "-rawin", "-in", signed,
                    "-sigfile", folder / "manifest.json.sig"], check=True)
sums = "".join(f"{file['sha256']}  {file['path']}\n" for file in manifest["files"] + station["files"])
here = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()}
if extra := here - {line[66:] for line in sums.splitlines()} - {"station.json", "manifest.json", "manifest.json.sig"}:
    sys.exit(f"not part of the package: {sorted(extra)}")
subprocess.run(["sha256sum", "--quiet", "-c", "-"], cwd=folder, check=True, input=sums, text=True)
sys.stdout.write(f"whole and unchanged: {station['station']['name']}, signed by {manifest['sender']['name']} {fingerprint}\n")
