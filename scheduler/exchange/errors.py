"""What can go wrong in the exchange with commune stations, each told in one sentence."""

from __future__ import annotations

from content.errors import LoaError
from content.language import N_


class NoStationError(LoaError):
    """A code that no commune station has."""

    sentence = N_(
        "there is no commune station {code!r}: see `loa station list`, or add it with `loa station add`"
    )


class StationKnownError(LoaError):
    """A code that is taken."""

    sentence = N_(
        "a commune station {code!r} is there already: choose another --code, or use `loa station edit`"
    )


class StationWrongError(LoaError):
    """A value that a commune station cannot have."""

    sentence = N_("{value!r} is no {what}; it is written like this: {remedy}")


class NoStationsError(LoaError):
    """`--all` without any station."""

    sentence = N_("no commune stations are known yet: add one with `loa station add NAME`")


class NothingToSendError(LoaError):
    """A period without a single airing."""

    sentence = N_("nothing is planned from {from_on} to {until_on}: run `loa plan build` first")


class NotReadyError(LoaError):
    """Airings without sound, or without a leader's word."""

    sentence = N_(
        "{count} planned airings are not ready for a package ({named}): render and approve them, or leave them out "
        "with --partial"
    )


class UpdateNeedsLoaError(LoaError):
    """An update for a player that cannot put one together."""

    sentence = N_(
        "station {code!r} plays from files ({player}): an update is for stations with Loa, export a full package; "
        "in the same folder only what changed is written"
    )


class NotADriveError(LoaError):
    """`--usb` names no mounted stick."""

    sentence = N_("{path} is not there: plug the stick in and name its drive, such as E:\\ or /media/usb")


class TooLittleRoomError(LoaError):
    """The target cannot hold the package."""

    sentence = N_(
        "{path} has {free_mb} MB free and the package needs {needed_mb} MB: use a larger stick or delete files"
    )


class NoFingerprintError(LoaError):
    """A fingerprint that is none, or that nobody here has named."""

    sentence = N_(
        "{fingerprint!r} is no fingerprint that is known here: it is eight groups of four, as `loa package verify` shows it"
    )


class SignerKnownError(LoaError):
    """A key that cannot replace another, because packages signed with it are here."""

    sentence = N_(
        "packages signed with {fingerprint} are here already: it cannot take the place of another key"
    )


class ReceivingError(LoaError):
    """Two packages taken in at once."""

    sentence = N_("another package is just being taken in: wait until that is done and run the command again")


class NoCentreError(LoaError):
    """A log export where no package was ever received."""

    sentence = N_(
        "no package was received here, so there is nobody to report to: use `loa log export` without --signed"
    )


class LogRefusedError(LoaError):
    """A report that is not taken in."""

    sentence = N_("the report {name} is refused, nothing of it was taken in: {problem}")


class LogProblem(LoaError):
    """Why a report is refused."""

    sentence = N_("it is damaged or no report of a station ({where}): ask the station for it again")


class LogSignatureProblem(LogProblem):
    """Changed after signing."""

    sentence = N_("its signature does not fit: it was changed after signing, ask the station for it again")


class LogSignerProblem(LogProblem):
    """Signed with a key that the station is not known by."""

    sentence = N_(
        "station {code!r} is not known by the key {fingerprint}: compare it by telephone, then run "
        "`loa log import FILE --trust {fingerprint}`, or give the key of `loa package key` to `loa station edit {code} --key`"
    )


class LogElsewhereProblem(LogProblem):
    """Meant for another centre."""

    sentence = N_("it is addressed to another centre ({fingerprint})")


class FeedError(LoaError):
    """The feed cannot be reached or does not answer as it should."""

    sentence = N_(
        "the feed {url} does not answer as it should ({reason}); what arrived so far is kept, it is tried again"
    )


class FeedTokenError(LoaError):
    """The feed does not know the token."""

    sentence = N_(
        "the feed {url} does not accept this token: ask the centre for a new one (`loa feed token`)"
    )


class FeedTlsError(LoaError):
    """A feed on an open network without encryption."""

    sentence = N_(
        "{url} is not encrypted: use an https:// address, or --insecure where the line is private (a VPN)"
    )


class FeedKeyAloneError(LoaError):
    """A TLS key without the certificate that it belongs to."""

    sentence = N_("{key} is the key of a certificate: name the certificate too, with --cert")


class FeedPortError(LoaError):
    """The address is taken."""

    sentence = N_("cannot listen on {address} ({reason}): choose another --port")
