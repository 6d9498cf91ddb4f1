"""Both languages are complete: no message of the code is missing, and every fact stands in each wording."""

import re

import catalogues
import pytest


@pytest.mark.parametrize("language", catalogues.LANGUAGES)
def test_every_message_of_the_code_has_a_wording(language: str) -> None:
    assert catalogues.missing(catalogues.updated(language)) == []


@pytest.mark.parametrize("language", catalogues.LANGUAGES)
def test_every_wording_names_the_same_facts_as_its_message(language: str) -> None:
    wrong = []
    for message in catalogues.read(language):
        if not message.id:
            continue
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        wordings = [message.string] if isinstance(message.string, str) else list(message.string)
        facts = [set(re.findall(r"\{(\w+)", one)) for one in ids]
        wrong += [(ids[0], one) for one in wordings if set(re.findall(r"\{(\w+)", one)) not in facts]
    assert not wrong


@pytest.mark.parametrize("language", catalogues.LANGUAGES)
def test_the_compiled_catalogue_is_the_one_of_the_source(language: str) -> None:
    compiled = catalogues.po_path(language).with_suffix(".mo").read_bytes()
    assert compiled == catalogues.as_mo(catalogues.read(language))


def test_the_search_finds_messages_in_every_room() -> None:
    files = {file.split("/")[0] for files in catalogues.messages_in_code().values() for file in files}
    assert files == {"content", "audio", "scheduler", "cli.py"}
