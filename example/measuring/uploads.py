"""Uploaded text files: read in memory, kept in the form while the user decides.

A dyno's disk is thrown away, so the text of an upload is stored in the database.
"""

import hashlib
from io import BytesIO
from typing import NamedTuple

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from measuring import limits

LARGEST = f"{limits.UPLOAD // 1000} kB"
KEPT_FOR = 24 * 60 * 60


class SmallFileUploadHandler(FileUploadHandler):
    """Keeps in memory no more of a file than a form could accept, and its true size.

    Django's own handlers would write a large file to the disk before any view knows
    who is sending it.
    """

    def new_file(self, *args, **kwargs):
        super().new_file(*args, **kwargs)
        self.file = BytesIO()

    def receive_data_chunk(self, raw_data, start):
        if start <= limits.UPLOAD:
            self.file.write(raw_data)

    def file_complete(self, file_size):
        self.file.seek(0)
        return InMemoryUploadedFile(
            self.file,
            self.field_name,
            self.file_name,
            self.content_type,
            file_size,
            self.charset,
            self.content_type_extra,
        )


class TextUpload(NamedTuple):
    """A file's name on the user's machine, its text, and the SHA-256 of its bytes."""

    name: str
    text: str
    sha256: str


def read_upload(name, content, fallback=None):
    """Turn the bytes of a file into a TextUpload.

    The text is UTF-8, with or without byte order mark. Instruments know nothing of
    UTF-8: `fallback` names the encoding to try then. Raises ValidationError for a file
    that holds binary data.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if fallback is None:
            raise ValidationError("This is not a text file in UTF-8.") from error
        text = content.decode(fallback)
    # PostgreSQL stores no NUL; a file in UTF-16 has one in every second byte.
    if "\0" in text:
        raise ValidationError("This is not a text file: it holds binary data.")
    return TextUpload(name, text, hashlib.sha256(content).hexdigest())


class TextFileField(forms.FileField):
    """An uploaded text file as a TextUpload; one that is over the limit is not read."""

    def __init__(self, *, fallback=None, **options):
        self.fallback = fallback
        super().__init__(max_length=100, **options)

    def clean(self, data, initial=None):
        file = super().clean(data, initial)
        if not file:
            return None
        if file.size > limits.UPLOAD:
            raise ValidationError(f"The file is larger than {LARGEST}.")
        return read_upload(file.name, file.read(), self.fallback)


def keep(upload):
    """Return an upload as a signed string, for a hidden field of the next form."""
    return signing.dumps(upload, salt=__name__, compress=True)


class KeptUploadField(forms.CharField):
    """The hidden field that brings back what `keep` made, as a TextUpload."""

    widget = forms.HiddenInput

    def clean(self, value):
        value = super().clean(value)
        if not value:
            return None
        try:
            return TextUpload(*signing.loads(value, salt=__name__, max_age=KEPT_FOR))
        except signing.BadSignature as error:
            raise ValidationError("Choose the file again.") from error
