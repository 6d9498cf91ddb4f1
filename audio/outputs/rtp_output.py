"""RTP, unicast or multicast: what IP speakers listen to."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from audio.outputs.output import OutputError
from audio.outputs.process_sink import ProcessOutput, encoder
from content.errors import Told
from content.language import N_

CODECS = {
    "g722": ("-c:a", "g722", "-ar", "16000"),
    "l16": ("-c:a", "pcm_s16be", "-ar", "44100"),
    "opus": ("-c:a", "libopus", "-b:a", "64k"),
    "pcmu": ("-c:a", "pcm_mulaw", "-ar", "8000"),
}
"""RFC 3551: G722 is payload 9 with a clock of 8000 though it samples at 16000; L16 mono at 44100 is payload 11; PCMU is 0."""

FORMATS = {
    "g722": (9, "G722/8000"),
    "l16": (11, "L16/44100/1"),
    "opus": (97, "opus/48000/2"),
    "pcmu": (0, "PCMU/8000"),
}
"""Payload type and its mapping; Opus is always announced with two channels (RFC 7587), whatever it carries."""


def rtp_output(name: str, url: str, codec: str) -> ProcessOutput:
    """A sender to `url`, rtp://ADDRESS:PORT (a multicast group such as 239.1.1.1, or one speaker), G.722 by default.

    Raises:
        OutputError: the address is not one of that kind, or the codec is not for RTP.
    """
    try:
        parts = urlsplit(url)
        good = parts.scheme == "rtp" and bool(parts.hostname) and bool(parts.port)
    except ValueError:
        good = False
    if not good:
        raise OutputError(
            output=name,
            reason=f"url = {url}",
            remedy=Told(N_("write it as rtp://239.1.1.1:5004 in config.toml")),
        )
    if (codec or "g722") not in CODECS:
        raise OutputError(
            output=name, reason=f"codec = {codec}", remedy=Told(N_("choose g722, l16, opus or pcmu for RTP"))
        )
    # Small packets go out when they are full, not when a large one is: 20 ms of sound each.
    query = {"pkt_size": "1316", "ttl": "4"} | dict(parse_qsl(parts.query))
    target = urlunsplit(parts._replace(query=urlencode(query)))
    return ProcessOutput(name, encoder(*CODECS[codec or "g722"], "-f", "rtp", target))


def session_description(url: str, codec: str, name: str = "Loa") -> str:
    """What a receiver has to know of the stream (SDP, RFC 8866); G.722, L16 and PCMU say it in their packets, too."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 0
    address = ip_address(host)
    family = f"IN IP{address.version}"
    scope = "/4" if address.is_multicast and address.version == 4 else ""
    payload, mapping = FORMATS[codec or "g722"]
    return "\r\n".join(
        [
            "v=0", f"o=- 0 0 {family} {host}", f"s={' '.join(name.split()) or '-'}", f"c={family} {host}{scope}",
            "t=0 0", f"m=audio {port} RTP/AVP {payload}", f"a=rtpmap:{payload} {mapping}", "a=recvonly", "",
        ]
    )  # fmt: skip
