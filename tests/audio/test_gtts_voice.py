"""gTTS over real TLS: no word lost, none doubled, nobody in between."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from speech_service import SpeechService, make_certificates, make_mp3, waits

from audio import speak, wav
from audio.cache import SentenceCache
from audio.speak import NoVoiceError, Sentence, Speaker
from audio.voices.espeak_voice import EspeakVoice
from audio.voices.gtts_voice import GttsVoice
from audio.voices.packing import MOST_CHARS, pack
from audio.voices.voice import LanguageNotSpokenError, NothingToSayError, VoiceError, VoiceUnavailableError

LONG = (
    "Ủy ban nhân dân phường đề nghị các tổ dân phố, các hộ gia đình và các cơ sở kinh doanh trên địa bàn chủ động "
    "kiểm tra hệ thống điện, chuẩn bị phương tiện chữa cháy tại chỗ, và báo ngay cho lực lượng chức năng khi có sự cố."
)
SHORT = "Mời bà con theo dõi bản tin."


@pytest.fixture(scope="module")
def mp3() -> bytes:
    return make_mp3(7)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def serve(
    certificates: tuple[Path, Path], mp3: bytes, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., SpeechService]]:
    started: list[SpeechService] = []

    def start(*faults: str, files: tuple[Path, Path] = certificates) -> SpeechService:
        service = SpeechService(files[1], mp3, list(faults)).start()
        started.append(service)
        monkeypatch.setattr("audio.voices.gtts_voice._CONNECT_S", 120)
        for name in ("HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, service.proxy_url)
        for name in ("NO_PROXY", "no_proxy", "CURL_CA_BUNDLE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(files[0]))
        return service

    yield start
    for service in started:
        service.stop()


def patient(**facts: Any) -> GttsVoice:
    """A voice that lets a busy machine answer late and does not wait between tries."""
    return GttsVoice(**{"sleep": waits()[1], "read_s": 120, "request_s": 240, **facts})


def words(*texts: str) -> list[str]:
    return " ".join(texts).split()


def length_ms(sound: bytes) -> float:
    pcm, rate_hz = wav.split_wav(sound)
    return len(pcm) / 2 / rate_hz * 1000


@given(st.text(alphabet="aăâbc ế.,;:!?\n\u0301", max_size=600))
def test_packing_loses_no_word_and_keeps_every_piece_within_the_limit(text: str) -> None:
    import unicodedata

    pieces = pack(text)
    assert "".join("".join(pieces).split()) == "".join(unicodedata.normalize("NFC", text).split())
    assert all(0 < len(piece) <= MOST_CHARS for piece in pieces)


def test_pieces_end_where_a_speaker_would_breathe() -> None:
    assert [piece[-1] for piece in pack(LONG)][:2] == [",", ","]
    assert len(pack(LONG)) == 3


def test_every_word_is_asked_for_once_over_one_connection(serve: Callable[..., SpeechService]) -> None:
    service = serve()
    sound = patient().synthesise(LONG, "vi")
    assert words(*service.asked) == words(LONG)
    assert service.tls_connections == 1
    assert length_ms(sound) > 3 * 6500


def test_1400_characters_cost_at_most_16_requests_and_one_connection_a_worker(
    serve: Callable[..., SpeechService], tmp_path: Path
) -> None:
    text = (LONG + " ") * 7
    text = text[: text.rindex(" ", 0, 1400)]
    service = serve()
    patient().synthesise(text, "vi")
    assert len(service.asked) <= 16
    assert words(*service.asked) == words(text)

    service = serve()
    sentences = [Sentence(spoken=f"{one}, số {n}.") for n, one in enumerate([LONG[:170], LONG[60:230]] * 4)]
    with Speaker([patient()], SentenceCache(tmp_path, 10**9)) as speaker:
        speaker.speak(sentences, "vi")
    assert sorted(words(*service.asked)) == sorted(words(*[s.spoken for s in sentences]))
    assert len(service.asked) <= 16
    assert service.tls_connections <= 4


@pytest.mark.parametrize(
    "fault",
    ["429", "429-date", "429-odd", "503", "500", "cut-before", "cut-inside", "without-audio", "short-audio"],
)
def test_a_passing_fault_loses_no_word_and_doubles_none(
    fault: str, serve: Callable[..., SpeechService]
) -> None:
    service = serve("speak", fault, fault)
    slept, sleep = waits()
    sound = patient(sleep=sleep).synthesise(LONG, "vi")
    assert words(*service.spoken) == words(LONG)
    assert len(service.asked) == 5
    assert slept == {"429": [7, 7], "429-date": [9, 9]}.get(fault, [1, 2])
    assert length_ms(sound) == pytest.approx(3 * 7000, rel=0.05)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("503", "503"),
        ("without-audio", "no sound for"),
        ("cut-inside", "cut"),
        ("404", "404"),
        ("flood", "far more"),
    ],
)
def test_a_lasting_fault_is_an_error_that_says_why(
    fault: str, message: str, serve: Callable[..., SpeechService]
) -> None:
    service = serve(*[fault] * 20)
    with pytest.raises(VoiceError, match=message):
        patient().synthesise(SHORT, "vi")
    assert len(service.asked) <= 5
    assert not service.spoken


@pytest.mark.parametrize(
    ("fault", "down"), [("429", True), ("503", True), ("500", False), ("short-audio", False)]
)
def test_where_the_service_itself_is_at_fault_the_next_items_do_not_wait_for_it_again(
    fault: str, down: bool, serve: Callable[..., SpeechService], tmp_path: Path
) -> None:
    serve(*[fault] * 20)
    with Speaker([voice := patient()], SentenceCache(tmp_path, 10**9)) as speaker:
        with pytest.raises(NoVoiceError):
            speaker.speak([Sentence(spoken=SHORT)], "vi")
        assert speaker.is_down(voice) == down


def test_a_service_that_is_slow_every_time_is_out_of_reach(serve: Callable[..., SpeechService]) -> None:
    serve(*["drip-body"] * 3)
    with pytest.raises(VoiceUnavailableError, match="did not answer"):
        patient(request_s=0.5, tries=2).synthesise(SHORT, "vi")


def test_ctrl_c_cuts_off_what_a_slow_service_is_asked_for(
    serve: Callable[..., SpeechService], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = serve(*["drip-body"] * 40)
    really_wait = speak.wait
    pressed: list[bool] = []

    def wait(*arguments: Any, **named: Any) -> Any:
        if len(service.asked) == 4 and not pressed:
            pressed.append(True)
            raise KeyboardInterrupt
        return really_wait(*arguments, **named)

    monkeypatch.setattr(speak, "wait", wait)
    sentences = [Sentence(spoken=f"Câu số {n}, mời bà con theo dõi.") for n in range(12)]
    with Speaker([patient()], SentenceCache(tmp_path, 10**9)) as speaker, pytest.raises(KeyboardInterrupt):
        speaker.speak(sentences, "vi")
    assert len(service.asked) == 4  # the server drips for half a minute; after that each would ask again


@pytest.mark.parametrize("fault", ["drip-body", "drip-head"])
def test_a_server_that_drips_is_cut_off(fault: str, serve: Callable[..., SpeechService]) -> None:
    service = serve(fault)

    def rest(_seconds: float) -> None:
        voice.request_s = 240

    voice = patient(request_s=1.5, sleep=rest)
    sound = voice.synthesise(SHORT, "vi")
    assert service.spoken == [SHORT]
    assert length_ms(sound) > 6500


@pytest.mark.parametrize("fault", ["portal-page", "portal-redirect"])
def test_a_captive_portal_is_named_and_not_asked_again(
    fault: str, serve: Callable[..., SpeechService]
) -> None:
    service = serve(fault, fault)
    with pytest.raises(VoiceUnavailableError, match="log in to the network"):
        patient().synthesise(SHORT, "vi")
    assert len(service.asked) == 1


@pytest.mark.parametrize("wrong", ["signer", "host"])
def test_a_wrong_certificate_is_refused_before_a_word_is_sent(
    wrong: str, serve: Callable[..., SpeechService], tmp_path: Path
) -> None:
    files = (
        make_certificates(tmp_path, trusted=False)
        if wrong == "signer"
        else make_certificates(tmp_path, "else.example")
    )
    service = serve(files=files)
    with pytest.raises(VoiceUnavailableError, match="certificate"):
        patient().synthesise(SHORT, "vi")
    assert not service.asked


def test_without_a_network_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with pytest.raises(VoiceUnavailableError, match="internet"):
        patient().synthesise(SHORT, "vi")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HTTPS_PROXY", "http://"),
        ("HTTPS_PROXY", "socks5://127.0.0.1:9"),
        ("HTTPS_PROXY", "http://ward:s3cret@127.0.0.1:99999"),
        ("HTTPS_PROXY", "http://đài:mật khẩu@127.0.0.1:9"),
        ("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem"),
    ],
)
def test_network_settings_that_cannot_be_used_are_told_and_the_next_voice_speaks(
    name: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for other in ("HTTPS_PROXY", "https_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, value)
    with Speaker([patient(), EspeakVoice()], SentenceCache(tmp_path, 10**9)) as speaker:
        spoken = speaker.speak([Sentence(spoken=SHORT), Sentence(spoken="Xin cảm ơn.")], "vi")
    assert spoken.voice == "espeak"
    assert "network settings" in spoken.fallbacks[0].reason
    assert "s3cret" not in spoken.fallbacks[0].reason


def test_after_a_failure_the_next_run_asks_only_for_what_is_missing(
    serve: Callable[..., SpeechService], tmp_path: Path
) -> None:
    sentences = [Sentence(spoken=f"Câu số {word}.") for word in ("một", "hai", "ba", "bốn", "năm", "sáu")]
    cache = SentenceCache(tmp_path, 10**9)
    service = serve("speak", "speak", "404")
    with (
        Speaker([patient(workers=1)], cache) as speaker,
        pytest.raises(Exception, match="404"),
    ):
        speaker.speak(sentences, "vi")
    assert len(service.spoken) == 2
    with Speaker([patient()], cache) as speaker:
        spoken = speaker.speak(sentences, "vi")
    assert spoken.synthesised == 4
    assert sorted(service.spoken) == sorted(s.spoken for s in sentences)


def test_it_speaks_only_languages_it_has_and_only_words() -> None:
    with pytest.raises(LanguageNotSpokenError):
        GttsVoice().synthesise(SHORT, "hmn-x")
    with pytest.raises(NothingToSayError):
        GttsVoice().synthesise("… !", "vi")
