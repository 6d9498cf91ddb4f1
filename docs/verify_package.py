"""Verify a Loa package folder with openssl and sha256sum alone: python3 verify_package.py FOLDER [FINGERPRINT]."""
import base64
import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

folder = Path(sys.argv[1])
own, shared = (folder / "station.json").read_bytes(), (folder / "manifest.json").read_bytes()
station, manifest = json.loads(own), json.loads(shared)
key = base64.b64decode(manifest["sender"]["public_key"])
digits = hashlib.sha256(key).hexdigest()[:32]
fingerprint = "-".join(digits[at : at + 4] for at in range(0, 32, 4))
if len(sys.argv) > 2 and sys.argv[2] != fingerprint:
    sys.exit(f"signed by {fingerprint}, not by {sys.argv[2]}")
pem = subprocess.run(["openssl", "pkey", "-pubin", "-inform", "DER"], check=True, capture_output=True,
                     input=bytes.fromhex("302a300506032b6570032100") + key).stdout
if pem != (folder / "signer.pem").read_bytes():
    sys.exit("signer.pem is not the key of the manifest")
with tempfile.TemporaryDirectory() as aside:
    (signed := Path(aside) / "signed").write_bytes(own + shared)
    subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "signer.pem", "-rawin", "-in", signed,
                    "-sigfile", "manifest.json.sig"], cwd=folder, check=True)
sums = "".join(f"{file['sha256']}  {file['path']}\n" for file in manifest["files"] + station["files"])
subprocess.run(["sha256sum", "--quiet", "-c", "-"], cwd=folder, check=True, input=sums, text=True)
sys.stdout.write(f"whole and unchanged: {station['station']['name']}, signed by {manifest['sender']['name']} {fingerprint}\n")
