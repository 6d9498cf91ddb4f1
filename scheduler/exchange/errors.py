"""What can go wrong in the exchange with commune stations, each told in one sentence."""

from __future__ import annotations

from content.errors import LoaError
from content.language import N_


class NoStationError(LoaError):
    sentence = N_(
        "there is no commune station {code!r}: see `loa station list`, or add it with `loa station add`"
    )


class StationKnownError(LoaError):
    sentence = N_(
        "a commune station {code!r} is there already: choose another --code, or use `loa station edit`"
    )


class StationRetiredError(LoaError):
    sentence = N_(
        "the commune station {code!r} is out of use: bring it back with `loa station restore {code}`"
    )


class StationWrongError(LoaError):
    sentence = N_("{value!r} is no {what}; it is written like this: {remedy}")


class NoStationsError(LoaError):
    sentence = N_("no commune stations are known yet: add one with `loa station add NAME`")


class NothingToSendError(LoaError):
    sentence = N_("nothing is planned from {from_on} to {until_on}: run `loa plan build` first")


class NothingReadyError(NothingToSendError):
    sentence = N_(
        "of {count} planned airings none is ready for a package ({named}): render and approve them first"
    )


class NotReadyError(LoaError):
    sentence = N_(
        "{count} planned airings are not ready for a package ({named}): render and approve them, or leave them out "
        "with --partial"
    )


class UpdateNeedsLoaError(LoaError):
    sentence = N_(
        "station {code!r} plays from files ({player}): an update is for stations with Loa, export a full package; "
        "in the same folder only what changed is written"
    )


class NotADriveError(LoaError):
    sentence = N_("{path} is not there: plug the stick in and name its drive, such as E:\\ or /media/usb")


class TooLittleRoomError(LoaError):
    sentence = N_(
        "{path} has {free_mb} MB free and the package needs {needed_mb} MB: use a larger stick or delete files"
    )


class NoFingerprintError(LoaError):
    sentence = N_(
        "{fingerprint!r} is no fingerprint that is known here: it is eight groups of four, as `loa package verify` shows it"
    )


class SignerKnownError(LoaError):
    sentence = N_(
        "packages signed with {fingerprint} are here already: it cannot take the place of another key"
    )


class ReceivingError(LoaError):
    sentence = N_("another package is just being taken in: wait until that is done and run the command again")


class NoCentreError(LoaError):
    sentence = N_(
        "no package was received here, so there is nobody to report to: use `loa log export` without --signed"
    )


class SeveralCentresError(LoaError):
    sentence = N_(
        "packages came from several centres ({named}): say with --centre which one the report is for"
    )


class LogRefusedError(LoaError):
    sentence = N_("the report {name} is refused, nothing of it was taken in: {problem}")


class LogProblem(LoaError):
    sentence = N_("it is damaged or no report of a station ({where}): ask the station for it again")


class LogSignatureProblem(LogProblem):
    sentence = N_("its signature does not fit: it was changed after signing, ask the station for it again")


class LogSignerProblem(LogProblem):
    sentence = N_(
        "station {code!r} is not known by the key {fingerprint}: compare it by telephone, then run "
        "`loa log import FILE --trust {fingerprint}`, or give the key of `loa package key` to `loa station edit {code} --key`"
    )


class LogElsewhereProblem(LogProblem):
    sentence = N_("it is addressed to another centre ({fingerprint})")


class FeedError(LoaError):
    sentence = N_(
        "the feed {url} does not answer as it should ({reason}); what arrived so far is kept, it is tried again"
    )


class FeedLogError(FeedError):
    sentence = N_("the centre does not take the log in ({reason}); it is sent again with the next pull")


class FeedTokenError(LoaError):
    sentence = N_(
        "the feed {url} does not accept this token: ask the centre for a new one (`loa feed token`)"
    )


class FeedTlsError(LoaError):
    sentence = N_(
        "{url} is not encrypted: use an https:// address, or --insecure where the line is private (a VPN)"
    )


class FeedCertificateError(LoaError):
    sentence = N_(
        "the certificate {certificate} and its key cannot be used ({reason}): give both as PEM files that belong together"
    )


class FeedKeyAloneError(LoaError):
    sentence = N_("{key} is the key of a certificate: name the certificate too, with --cert")


class FeedPortError(LoaError):
    sentence = N_("cannot listen on {address} ({reason}): choose another --port")
