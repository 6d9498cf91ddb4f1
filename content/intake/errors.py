"""Every reason why a file cannot be read as a document, each with its remedy."""

from __future__ import annotations

from content.errors import LoaError
from content.language import N_


class UnreadableDocumentError(LoaError):
    """The base of all that follows: the file gives no text."""


class DocumentMissingError(UnreadableDocumentError):
    sentence = N_(
        "there is no file {path}: check the name and the folder; a name with spaces stands in quotes"
    )


class DocumentIsFolderError(UnreadableDocumentError):
    sentence = N_("{path} is a folder, not a document: name the files in it, or import the folder as a whole")


class DocumentForbiddenError(UnreadableDocumentError):
    sentence = N_(
        "{path} cannot be opened ({reason}): check that you may read it and that no program holds it"
    )


class DocumentEmptyError(UnreadableDocumentError):
    sentence = N_("{path} holds no text: open it and check that it is the right file")


class DocumentTooLargeError(UnreadableDocumentError):
    sentence = N_(
        "{path} has {size_mb} MB, more than the {limit_mb} MB read: split it, or save the text alone"
    )


class DocumentTooLongError(UnreadableDocumentError):
    sentence = N_("{path} holds more than {limit} characters of text: split it into its documents")


class TooManyPagesError(UnreadableDocumentError):
    sentence = N_("{path} has more than {limit} pages: split it into its documents")


class UnknownFormatError(UnreadableDocumentError):
    sentence = N_(
        "{path} is not of a kind that can be read: use txt, md, html, docx, doc, pdf, png, jpg or tif"
    )


class WrongTypeError(UnreadableDocumentError):
    sentence = N_("{path} is named .{named} but holds {found}: rename it to .{found} and import it again")


class DocumentEncryptedError(UnreadableDocumentError):
    sentence = N_("{path} is protected by a password: remove the password in the program that made it")


class DocumentDamagedError(UnreadableDocumentError):
    sentence = N_("{path} is damaged ({reason}): ask the sender for it again")


class DocumentHostileError(UnreadableDocumentError):
    sentence = N_("{path} was refused ({reason}): a document has no need of this, ask the sender what it is")


class MisencodedError(UnreadableDocumentError):
    sentence = N_(
        "{path} holds letters in an unknown encoding: open it in its own program and save it as Unicode (UTF-8)"
    )


class ScannedDocumentError(UnreadableDocumentError):
    sentence = N_(
        "{path} is a scan without text: install Tesseract with its Vietnamese language (see `loa doctor`), "
        "or ask the sender for the text version"
    )


class OcrFailedError(UnreadableDocumentError):
    sentence = N_("the text of the scan {path} could not be recognised ({reason}): ask for the text version")


class OfficeMissingError(UnreadableDocumentError):
    sentence = N_(
        "{path} is an old Word file (.doc) and LibreOffice is not installed: install it (see `loa doctor`), "
        "or save the file as .docx"
    )


class OfficeFailedError(UnreadableDocumentError):
    sentence = N_("LibreOffice could not convert {path} ({reason}): open it and save it as .docx")
