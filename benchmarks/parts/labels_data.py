"""Features and labels of the real datasets of the label benchmark, by tilth's own embedders.

Files are read directly; rows beyond `MOST_ROWS` (2,500 of banking77, for its 77 classes) are a fixed random sample.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

DATASETS = ("digits", "fsdd", "sign_language_digits", "sst2", "adult_census", "banking77")
VERDICT_SETS = ("cifar10_test", "mnist_test")
MOST_ROWS = 1500
MOST_OF = {"banking77": 2500}


def data_root() -> Path:
    """Folder of the real datasets."""
    return Path(os.environ.get("TILTH_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))


def load(name: str) -> tuple[NDArray[np.float32], NDArray[np.int64]] | None:
    """Features and class codes; None where the dataset is absent."""
    if name == "digits":
        from sklearn.datasets import load_digits

        pixels, digit = load_digits(return_X_y=True)
        return pixels.astype(np.float32), digit.astype(np.int64)
    folder, target, reader = _PLACES[name]
    if not (data_root() / folder).exists():
        return None
    X, labels = reader(data_root() / folder, target)
    return X, np.unique(labels, return_inverse=True)[1].astype(np.int64)


def _table(path: Path) -> Any:
    from pyarrow.csv import read_csv

    return read_csv(path)


def _sample(table: Any, name: str) -> Any:
    most = MOST_OF.get(name, MOST_ROWS)
    if len(table) <= most:
        return table
    chosen = np.random.default_rng(0).choice(len(table), most, replace=False)
    return table.take(np.sort(chosen))


def _media(folder: Path, target: str) -> tuple[Any, Any]:
    from tilth.embedders import audio_features, image_features

    table = _sample(_table(folder / "labels.csv"), folder.name)
    describe: Callable[[bytes], Any] = audio_features.describe if "fsdd" in str(folder) else image_features.describe
    X = np.stack([describe((folder / path).read_bytes()) for path in table.column("path").to_pylist()])
    return X, table.column(target).to_numpy()


def _text(path: Path, target: str) -> tuple[Any, Any]:
    from tilth.embedders.tfidf import Tfidf
    from tilth.plugin import Run

    table = _sample(_table(path), path.parent.name)
    return Tfidf().embed(table.column("text").to_pylist(), Run()), table.column(target).to_numpy()


def _rows(path: Path, target: str) -> tuple[Any, Any]:
    from tilth.embedders.table_features import TableFeatures
    from tilth.plugin import Run

    table = _sample(_table(path), path.parent.name)
    return TableFeatures().embed(table.drop_columns([target]), Run()), table.column(target).to_numpy()


_PLACES: dict[str, tuple[str, str, Callable[[Path, str], tuple[Any, Any]]]] = {
    "fsdd": ("audio/fsdd", "label", _media),
    "sign_language_digits": ("images/sign_language_digits", "label", _media),
    "sst2": ("text/sst2/train.csv", "label", _text),
    "banking77": ("text/banking77/train.csv", "label", _text),
    "adult_census": ("tabular/adult_census/adult.csv", "income-per-year", _rows),
}


def load_verdicts(name: str) -> dict[str, NDArray[Any]] | None:
    """Given labels, probabilities, features of the images, checked rows and their verdicts; None where absent."""
    folder = data_root() / "label_errors" / name
    if not folder.exists():
        return None
    import pyarrow.parquet as pq

    from tilth.embedders.image_features import describe
    from tilth.numerics.media.images import thumbnail_png

    items = pq.read_table(folder / "items.parquet")
    checked = items.column("human_checked").to_numpy(zero_copy_only=False).astype(bool)
    if name == "mnist_test":
        images = np.load(folder / "images_28x28_uint8.npz")["images"]
        X = np.stack([describe(thumbnail_png(np.repeat(image[:, :, None], 3, axis=2), 28)) for image in images])
    else:
        pictures = pq.read_table(folder / "images_jpeg.parquet").sort_by("index").column("jpeg").to_pylist()
        X = np.stack([describe(picture) for picture in pictures])
    wrong = np.array([bool(v) for v in items.column("is_label_error").to_pylist()])
    return {
        "X": X,
        "labels": items.column("given_label").to_numpy(),
        "pred_probs": np.load(folder / "pred_probs.npy"),
        "checked": checked,
        "wrong": wrong,
    }
