"""Verify a Loa package folder with openssl and sha256sum alone: python3 verify_package.py FOLDER [FINGERPRINT]."""
import base64
import hashlib
import json
import subprocess
import sys
from pathlib import Path

folder = Path(sys.argv[1])
manifest = json.loads((folder / "manifest.json").read_bytes())
key = base64.b64decode(manifest["sender"]["public_key"])
digits = hashlib.sha256(key).hexdigest()[:32]
fingerprint = "-".join(digits[at : at + 4] for at in range(0, 32, 4))
if len(sys.argv) > 2 and sys.argv[2] != fingerprint:
    sys.exit(f"signed by {fingerprint}, not by {sys.argv[2]}")
pem = subprocess.run(["openssl", "pkey", "-pubin", "-inform", "DER"], check=True, capture_output=True,
                     input=bytes.fromhex("302a300506032b6570032100") + key).stdout
if pem != (folder / "signer.pem").read_bytes():
    sys.exit("signer.pem is not the key of the manifest")
subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "signer.pem", "-rawin", "-in", "manifest.json",
                "-sigfile", "manifest.json.sig"], cwd=folder, check=True)
listed = {file["path"]: file["sha256"] for file in manifest["files"]}
if hashlib.sha256((folder / "SHA256SUMS").read_bytes()).hexdigest() != listed.pop("SHA256SUMS"):
    sys.exit("SHA256SUMS was changed")
if (folder / "SHA256SUMS").read_text() != "".join(f"{sha256}  {path}\n" for path, sha256 in listed.items()):
    sys.exit("SHA256SUMS is not the list of the manifest")
subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=folder, check=True)
sys.stdout.write(f"whole and unchanged: {manifest['station']['name']}, signed by {manifest['sender']['name']} {fingerprint}\n")
