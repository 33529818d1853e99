"""WordNet's dictionary, found where it is installed and kept in memory."""

from __future__ import annotations

import io
import os
import zipfile
from functools import lru_cache
from pathlib import Path

from tilth.errors import DataError, MissingExtraError, SourceError
from tilth.numerics.augment.thesaurus import PARTS_OF_SPEECH, Thesaurus

__all__ = ["wordnet_synonyms"]

_NAMES = [f"{kind}.{part}" for part in PARTS_OF_SPEECH for kind in ("index", "data")]
_EXCEPTIONS = [f"{part}.exc" for part in PARTS_OF_SPEECH]
_INSTALL = (
    "install one of the two: `apt-get install wordnet-base`, or `pip install nltk` and `python -m nltk.downloader "
    "wordnet`; or set WNSEARCHDIR to the folder that holds index.noun and data.noun"
)


def _places() -> list[Path]:
    """Where WordNet may be: its own variables, NLTK's folders, the folders of Linux distributions and Homebrew."""
    variables = (("WNSEARCHDIR", ""), ("WNHOME", "dict"))
    own = [Path(os.environ[name]) / more for name, more in variables if name in os.environ]
    roots = [Path(root) for root in os.environ.get("NLTK_DATA", "").split(os.pathsep) if root]
    roots += [Path.home() / "nltk_data"]
    roots += [Path(root) / "nltk_data" for root in ("/usr/share", "/usr/local/share", "/usr/lib", "/usr/local/lib")]
    corpora = [root / "corpora" / name for root in roots for name in ("wordnet", "wordnet.zip")]
    system = [
        "/usr/share/wordnet",
        "/usr/share/wordnet/dict",
        "/usr/share/wordnet-3.0/dict",
        "/usr/local/WordNet-3.0/dict",
        "/opt/homebrew/opt/wordnet/dict",
        "/usr/local/opt/wordnet/dict",
    ]
    return [*own, *corpora, *(Path(folder) for folder in system)]


def _read(place: Path) -> dict[str, bytes] | None:
    """The dictionary files of a folder or of NLTK's archive; None where it holds none."""
    if place.suffix == ".zip" and place.is_file():
        with zipfile.ZipFile(io.BytesIO(place.read_bytes())) as archive:
            inside = {name.rpartition("/")[2]: name for name in archive.namelist()}
            if not set(_NAMES) <= set(inside):
                return None
            return {name: archive.read(inside[name]) for name in _NAMES + _EXCEPTIONS if name in inside}
    if not (place / "index.noun").is_file():
        return None
    return {name: (place / name).read_bytes() for name in _NAMES + _EXCEPTIONS if (place / name).is_file()}


def wordnet_synonyms(folder: str = "") -> Thesaurus:
    """The synonyms of WordNet, read once from NLTK's corpus or the system's copy.

    Parameters
    ----------
    folder : str, optional
        Folder with ``index.noun``, ``data.noun`` and the rest, or NLTK's ``wordnet.zip``. By default the places named
        by WNSEARCHDIR and WNHOME, NLTK's data folders, then ``/usr/share/wordnet`` and the like are tried. NLTK itself
        is not needed.

    Returns
    -------
    Thesaurus
        Called with a word, it returns a tuple of synonyms; kept in memory for the next call.

    Raises
    ------
    MissingExtraError
        No copy is installed; the message says how to get one.
    SourceError
        `folder` holds no dictionary, or a broken one.
    """
    return _load(folder, os.environ.get("WNSEARCHDIR", ""), os.environ.get("NLTK_DATA", ""))


@lru_cache(maxsize=4)
def _load(folder: str, *variables: str) -> Thesaurus:
    del variables
    for place in [Path(folder)] if folder else _places():
        try:
            files = _read(place)
            if files is not None:
                return Thesaurus(files)
        except (OSError, zipfile.BadZipFile, DataError) as error:
            raise SourceError("cannot read WordNet's dictionary", where=str(place), found=str(error)) from error
    if folder:
        raise SourceError(
            "no dictionary of WordNet in this folder", where=folder, fix="it must hold index.noun and data.noun"
        )
    raise MissingExtraError("synonyms need the WordNet dictionary, which is not installed", fix=_INSTALL)
