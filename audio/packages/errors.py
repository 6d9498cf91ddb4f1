"""What can be wrong with a package, each told in one sentence."""

from __future__ import annotations

from content.errors import LoaError
from content.language import N_


class PackageRefusedError(LoaError):
    sentence = N_("the package {name} is refused, nothing of it was taken in: {problems}")


class PackageMissingError(LoaError):
    sentence = N_("there is no package at {path}: name the package's folder or its .zip file")


class PackageProblem(LoaError):
    """One reason why a package is not accepted."""


class ManifestProblem(PackageProblem):
    sentence = N_("the manifest is damaged or made by something else ({where}): ask the sender for it again")


class ManifestTooNewProblem(PackageProblem):
    sentence = N_("the manifest has the form {schema}, this Loa knows {known}: update Loa first")


class NotSignedProblem(PackageProblem):
    sentence = N_("{file} is missing, the copy was cut off or this is no Loa package: copy it again")


class PackagesInsideProblem(PackageProblem):
    sentence = N_("it is no package itself but holds some: name one of them ({names})")


class SignatureProblem(PackageProblem):
    sentence = N_(
        "the signature does not fit the manifest: it was changed after signing, ask the sender for it again"
    )


class UntrustedSignerProblem(PackageProblem):
    sentence = N_(
        "signed by {name!r}, who is not trusted here yet: compare the fingerprint {fingerprint} with the sender "
        "by telephone, then run `loa package trust {fingerprint}`"
    )


class OtherSignerProblem(UntrustedSignerProblem):
    sentence = N_(
        "signed by {name!r} with another key than the one that is known here: compare the fingerprint {fingerprint} with "
        "the sender by telephone; if the key was renewed, run `loa package trust {fingerprint} --replaces {old}` (without "
        "--replaces every airing would be there twice); if the sender's database was lost, run `loa package trust "
        "{fingerprint}` and `loa package trust {old} --remove --with-plays`"
    )


class FileMissingProblem(PackageProblem):
    sentence = N_("{path} is missing")


class FileChangedProblem(PackageProblem):
    sentence = N_("{path} is not what was sent (its content differs)")


class FileUnknownProblem(PackageProblem):
    sentence = N_("{path} does not belong to the package")


class UnreadableProblem(PackageProblem):
    sentence = N_("it cannot be read ({reason}): try another USB port, or copy it again")


class LinkProblem(PackageProblem):
    sentence = N_("{path} is a link or a special file, not a file")


class ArchiveProblem(PackageProblem):
    sentence = N_(
        "the zip file was changed or cut off ({where}): copy it again, or unpack it and receive the folder"
    )


class TooLargeProblem(PackageProblem):
    sentence = N_("{what} is {size} bytes, more than the {limit} that a package may have")


class NotEnoughRoomProblem(PackageProblem):
    sentence = N_("it needs {needed_mb} MB and only {free_mb} MB are free: free some disk space")


class NeedsMoreProblem(PackageProblem):
    sentence = N_(
        "it is an update and {count} of the sound files that it rests on are not here: receive package {base} first, "
        "or ask for a full package"
    )


class OlderProblem(PackageProblem):
    sentence = N_("it is revision {revision}, and revision {newest} of {made_at} was received already")


class OtherStationProblem(PackageProblem):
    sentence = N_("it is meant for {station!r}, and this station is {here!r} for that sender")


class OtherKeyProblem(PackageProblem):
    sentence = N_(
        "it is meant for {station!r} with another key than this station's: if this is that station, send the file of "
        "`loa package key --out FILE` to the centre, which runs `loa station edit {code} --key FILE` and exports again"
    )


class NameProblem(PackageProblem):
    sentence = N_("the file name {path!r} is not allowed in a package")


class FolderTakenError(LoaError):
    sentence = N_("{path} holds other files and no package: choose an empty folder; nothing was written")


class KeyUnreadableError(LoaError):
    sentence = N_(
        "{path} is not an Ed25519 key: name the signer.pem of a package, or restore the key from a backup"
    )


class FontMissingError(LoaError):
    sentence = N_("the font {path} is missing from the installation: install Loa again")
