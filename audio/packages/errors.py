"""What can be wrong with a package, each told in one sentence."""

from __future__ import annotations

from content.errors import LoaError
from content.language import N_


class PackageRefusedError(LoaError):
    """A package was looked at whole and refused; `problems` names every reason."""

    sentence = N_("the package {name} is refused, nothing of it was taken in: {problems}")


class PackageMissingError(LoaError):
    """There is nothing to read under that name."""

    sentence = N_("there is no package at {path}: name the package's folder or its .zip file")


class PackageProblem(LoaError):
    """One reason why a package is not accepted."""


class ManifestProblem(PackageProblem):
    """The manifest does not hold what a manifest holds."""

    sentence = N_("the manifest is damaged or made by something else ({where}): ask the sender for it again")


class ManifestTooNewProblem(PackageProblem):
    """A newer Loa made it."""

    sentence = N_("the manifest has the form {schema}, this Loa knows {known}: update Loa first")


class NotSignedProblem(PackageProblem):
    """No manifest or no signature: copying stopped half-way, or it is not a package at all."""

    sentence = N_("{file} is missing, the copy was cut off or this is no Loa package: copy it again")


class PackagesInsideProblem(PackageProblem):
    """The stick was named, not a package on it."""

    sentence = N_("it is no package itself but holds some: name one of them ({names})")


class SignatureProblem(PackageProblem):
    """The signature does not belong to this manifest."""

    sentence = N_(
        "the signature does not fit the manifest: it was changed after signing, ask the sender for it again"
    )


class UntrustedSignerProblem(PackageProblem):
    """Signed well, but by someone whom nobody here has named."""

    sentence = N_(
        "signed by {name!r}, who is not trusted here yet: compare the fingerprint {fingerprint} with the sender "
        "by telephone, then run `loa package trust {fingerprint}`"
    )


class FileMissingProblem(PackageProblem):
    """A file that the manifest lists is not there."""

    sentence = N_("{path} is missing")


class FileChangedProblem(PackageProblem):
    """A file is not what the manifest says."""

    sentence = N_("{path} is not what was sent (its content differs)")


class FileUnknownProblem(PackageProblem):
    """A file that the manifest does not list."""

    sentence = N_("{path} does not belong to the package")


class UnreadableProblem(PackageProblem):
    """The disk or stick gives an error."""

    sentence = N_("it cannot be read ({reason}): try another USB port, or copy it again")


class LinkProblem(PackageProblem):
    """A link or device instead of a file."""

    sentence = N_("{path} is a link or a special file, not a file")


class ArchiveProblem(PackageProblem):
    """The zip is not byte for byte what Loa writes."""

    sentence = N_(
        "the zip file was changed or cut off ({where}): copy it again, or unpack it and receive the folder"
    )


class TooLargeProblem(PackageProblem):
    """Sizes beyond reason."""

    sentence = N_("{what} is {size} bytes, more than the {limit} that a package may have")


class NotEnoughRoomProblem(PackageProblem):
    """The disk cannot hold what the package brings."""

    sentence = N_("it needs {needed_mb} MB and only {free_mb} MB are free: free some disk space")


class NeedsMoreProblem(PackageProblem):
    """An update that rests on audio which is not here."""

    sentence = N_(
        "it is an update and {count} of the sound files that it rests on are not here: receive package {base} first, "
        "or ask for a full package"
    )


class OlderProblem(PackageProblem):
    """An older package never overwrites a newer one."""

    sentence = N_("it is revision {revision}, and revision {newest} of {made_at} was received already")


class OtherStationProblem(PackageProblem):
    """It was made for somebody else."""

    sentence = N_("it is meant for {station!r}, and this station is {here!r} for that sender")


class NameProblem(PackageProblem):
    """A path that no package has."""

    sentence = N_("the file name {path!r} is not allowed in a package")


class FolderTakenError(LoaError):
    """The target of an export holds something else."""

    sentence = N_("{path} holds other files and no package: choose an empty folder; nothing was written")


class KeyUnreadableError(LoaError):
    """A key file that is not an Ed25519 key."""

    sentence = N_(
        "{path} is not an Ed25519 key: name the signer.pem of a package, or restore the key from a backup"
    )


class FontMissingError(LoaError):
    """The installation lost the font of the printable sheet."""

    sentence = N_("the font {path} is missing from the installation: install Loa again")
