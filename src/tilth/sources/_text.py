"""Text files: what can be wrong before a format is even looked at."""

from __future__ import annotations

import codecs
from pathlib import Path

from tilth.errors import ParameterError, SourceError

__all__ = ["check_text_file", "decoding_error", "file_error", "path_of", "shown"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHUNK = 1 << 20


def path_of(uri: object, suffixes: tuple[str, ...]) -> Path | None:
    """The path of an existing file with one of these endings (in any case), or None."""
    if not isinstance(uri, (str, Path)) or not str(uri):
        return None
    path = Path(uri)
    try:
        fits = path.suffix.lower() in suffixes and path.is_file()
    except (OSError, ValueError):
        return None
    return path if fits else None


def shown(text: str, most: int = 80) -> str:
    """A piece of text for a message: quoted, cut where it is long."""
    return repr(text if len(text) <= most else text[: most - 3] + "...")


def file_error(path: Path, error: OSError) -> SourceError:
    """The `SourceError` of a file that the system does not let us read."""
    return SourceError(
        "cannot read this file",
        where=str(path),
        found=error.strerror or str(error),
        fix="check that the path is right and that you may read it",
    )


def check_text_file(path: Path, encoding: str) -> tuple[str, tuple[str, ...]]:
    """Python codec of a text file, and notes.

    Raises
    ------
    SourceError
        No such file, an empty one, one in another Unicode encoding, or no text at all.
    ParameterError
        No such encoding.
    """
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        raise ParameterError(
            "no such encoding", found=repr(encoding), fix="use utf-8, cp1252, latin-1, utf-16 or another codec"
        ) from None
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise file_error(path, error) from error
    if not head.strip(b"\xef\xbb\xbf\r\n\t \0") and path.stat().st_size <= len(head):
        raise SourceError(
            "the file is empty", where=str(path), found=f"{len(head)} bytes", fix="check that it was written whole"
        )
    mark = next((kind for start, kind in _MARKS if head.startswith(start)), "")
    if mark == "utf-8" and name in ("utf-8", "utf-8-sig"):
        return "utf-8-sig", ("a byte-order mark at the start of the file was skipped",)
    if mark and mark != "utf-8" and not name.startswith(mark):
        raise SourceError(
            f"the file is not in {encoding}",
            where=f"{path}, byte 0",
            found=f"the byte-order mark of {mark}",
            fix=f"read it with --encoding {mark}",
        )
    if b"\0" in head and not name.startswith(("utf-16", "utf-32")):
        raise SourceError(
            "this is no text in the encoding given",
            where=f"{path}, byte {head.index(0)}",
            found="a zero byte",
            fix="if it is a text file, try --encoding utf-16; else name the file by its real ending",
        )
    return name, ()


def decoding_error(path: Path, encoding: str) -> SourceError | None:
    """Where a file stops being text of an encoding, as an error to raise; None where it never does."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line, offset = 1, 0
    with path.open("rb") as file:
        while True:
            chunk = file.read(_CHUNK)
            pending = len(decoder.getstate()[0])
            try:
                line += decoder.decode(chunk, final=not chunk).count("\n")
            except UnicodeDecodeError as error:
                good = error.object[: error.start].decode(encoding, "ignore")
                found = f"byte 0x{error.object[error.start]:02x}"
                return SourceError(
                    f"the file is not in {encoding.removesuffix('-sig')}",
                    where=f"{path}:{line + good.count(chr(10))}, byte {offset - pending + error.start}",
                    found=f"{found} after {shown(good.rpartition(chr(10))[2][-40:])}",
                    fix=f"read it with another encoding, for instance --encoding {_guess(error.object, error.start)}",
                )
            offset += len(chunk)
            if not chunk:
                return None


def _guess(data: bytes, start: int) -> str:
    """An encoding in which the bytes around the first bad one are text."""
    try:
        data[max(0, start - 2000) : start + 2000].decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"
