"""``demo``: the whole wheel on real scans, with faults that are known.

Handwritten digits (real scans, inside scikit-learn's wheel) are written as a folder of PNG files. From a fixed
seed, wrong labels, near-duplicates and foreign images are planted in the training part; the test part stays as
it is. Then the dataset is audited, fixed and proved, and what was found is held against what was planted.
"""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import ParameterError
from tilth.records import Findings, Proof
from tilth.workflows.audit import Audit, audit
from tilth.workflows.fix import Fixed, fix
from tilth.workflows.project import RunOptions
from tilth.workflows.proof.prove import prove
from tilth.workflows.report.audit_page import report_audit

__all__ = ["Demo", "FoundAgainstPlanted", "demo", "plant"]

#: Marks a folder that a demo made, so that no other folder is ever cleared.
MARK = "planted.json"
SIZE = 32


@dataclass(frozen=True)
class FoundAgainstPlanted:
    """How well one planted fault was found.

    Parameters
    ----------
    fault : str
    planted, flagged, hits : int
    precision, recall : float
        NaN-free: 0 where nothing was flagged or planted. Precision counts a flagged row as right
        only where the fault was planted in it, so that faults the scans had of their own count
        against it.
    """

    fault: str
    planted: int
    flagged: int
    hits: int
    precision: float
    recall: float


@dataclass(frozen=True)
class Demo:
    """What the demonstration made and measured."""

    folder: Path
    audit: Audit
    fixed: Fixed
    proof: Proof
    found: tuple[FoundAgainstPlanted, ...]
    report: Path

    def to_dict(self) -> dict[str, Any]:
        """The object that ``--json`` prints."""
        summary = {
            "found_against_planted": [asdict(row) for row in self.found],
            "proof": self.proof.to_dict(),
            "report": str(self.report),
            "folder": str(self.folder),
        }
        return {"verb": "demo", "snapshot": self.fixed.snapshot.id, "summary": summary}


def _png(pixels: npt.NDArray[np.uint8]) -> bytes:
    from PIL import Image

    image = Image.fromarray(pixels).resize((SIZE, SIZE), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _jittered(pixels: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """The same scan once more: a little darker or lighter, with a little noise."""
    noisy = pixels.astype(np.float64) * rng.uniform(0.94, 1.0) + rng.normal(0, 2.0, pixels.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def _foreign(rng: np.random.Generator, count: int) -> list[npt.NDArray[np.uint8]]:
    """Grey pieces of two photographs that come with scikit-learn: no digits."""
    from sklearn.datasets import load_sample_images

    photos = [image.mean(axis=2) for image in load_sample_images().images]
    pieces = []
    for i in range(count):
        photo = photos[i % len(photos)]
        y, x = (int(rng.integers(0, side - 160)) for side in photo.shape)
        pieces.append(photo[y : y + 160, x : x + 160].astype(np.uint8))
    return pieces


def plant(
    folder: Path, *, seed: int = 0, noise: float = 0.1, duplicates: int = 20, foreign: int = 10, scans: int = 0
) -> dict[str, list[str]]:
    """Write the digits as PNG files with planted faults.

    Parameters
    ----------
    folder : pathlib.Path
        Gets ``digits/{train,test}/{0..9}/*.png`` and ``planted.json``. A folder that an earlier demo
        made is cleared first; any other must be empty or absent.
    seed : int
    noise : float
        Share of the training files put into a wrong class folder.
    duplicates, foreign : int
        Numbers of files.
    scans : int
        How many of the 1,797 scans to take, at random; 0 for all.

    Returns
    -------
    dict of fault to list of str
        Paths, relative to ``digits``, of the files with planted faults.
    """
    from sklearn.datasets import load_digits

    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).exists():
            raise ParameterError(
                "this folder holds something that no demo made", where=str(folder), fix="name another folder"
            )
        shutil.rmtree(folder)
    rng = np.random.default_rng(seed)
    digits = load_digits()
    images = (255 - digits.images * 255 / 16).astype(np.uint8)
    order = rng.permutation(len(images))[: scans or None]
    test = set(order[: len(order) // 4].tolist())
    train = [i for i in order.tolist() if i not in test]
    wrong = set(rng.choice(train, round(noise * len(train)), replace=False).tolist())
    copied = rng.choice([i for i in train if i not in wrong], duplicates, replace=False).tolist()
    files: dict[str, bytes] = {}
    planted: dict[str, list[str]] = {"label_error": [], "near_duplicate": [], "outlier": []}
    for i in sorted(order.tolist()):
        label = int(digits.target[i])
        if i in wrong:
            label = int(rng.choice([k for k in range(10) if k != label]))
        name = f"{'test' if i in test else 'train'}/{label}/scan{i:04d}.png"
        files[name] = _png(images[i])
        if i in wrong:
            planted["label_error"].append(name)
    for j, i in enumerate(copied):
        name = f"train/{int(digits.target[i])}/copy{j:02d}.png"
        files[name] = _png(_jittered(images[i], rng))
        planted["near_duplicate"].append(name)
        planted.setdefault("originals", []).append(f"train/{int(digits.target[i])}/scan{i:04d}.png")
    for j, piece in enumerate(_foreign(rng, foreign)):
        name = f"train/{int(rng.integers(10))}/photo{j:02d}.png"
        files[name] = _png(piece)
        planted["outlier"].append(name)
    for name, data in files.items():
        path = folder / "digits" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (folder / MARK).write_text(json.dumps(planted, indent=1) + "\n")
    return planted


def _score(fault: str, planted: set[str], flagged: set[str], hits: set[str]) -> FoundAgainstPlanted:
    return FoundAgainstPlanted(
        fault,
        len(planted),
        len(flagged),
        len(hits),
        round(len(hits) / len(flagged), 4) if flagged else 0.0,
        round(len(hits & planted) / len(planted), 4) if planted else 0.0,
    )


def hold_against(findings: Mapping[str, Findings], planted: Mapping[str, list[str]]) -> list[FoundAgainstPlanted]:
    """Precision and recall of each check against what was planted in the training part.

    A near-duplicate pair counts as found where either of the two is flagged as the surplus copy.
    Photographs carry a random digit as their label: flagged as wrong labels, they count as right.
    """
    rows = []
    partner = dict(zip(planted["originals"], planted["near_duplicate"], strict=True))
    for fault in ("label_error", "near_duplicate", "outlier"):
        flagged = {r for r in findings[fault].flagged().table.column("row_id").to_pylist() if r.startswith("train/")}
        truth = set(planted[fault])
        if fault == "near_duplicate":
            flagged = {partner.get(row, row) for row in flagged}
        right = truth | set(planted["outlier"]) if fault == "label_error" else truth
        rows.append(_score(fault, truth, flagged, flagged & right))
    return rows


def demo(folder: str | Path, *, repeats: int = 10, scans: int = 0, options: RunOptions | None = None) -> Demo:
    """Plant faults in real scans, find them, fix them, and prove what that did.

    Parameters
    ----------
    folder : str or Path
        Where the images, the workspace and the report go.
    repeats : int
        Repeats of the proof.
    scans : int
        How many of the 1,797 scans to take, for a quick look; 0 for all. Copies and foreign images are planted
        in proportion, at least four of each.
    options : RunOptions, optional

    Returns
    -------
    Demo
    """
    folder = Path(folder)
    options = options or RunOptions()
    share = scans / 1797 if scans else 1.0
    copies, foreign = (max(4, round(share * count)) for count in (20, 10))
    planted = plant(folder, seed=options.seed, duplicates=copies, foreign=foreign, scans=scans)
    found = audit(folder / "digits", options=options)
    fixed = fix(found.dataset, yes=True, options=options)
    if not isinstance(fixed, Fixed):  # pragma: no cover - yes=True always applies
        raise ParameterError("the demonstration could not be fixed")
    proof = prove(found.dataset, repeats=repeats, options=options)
    report = report_audit(found, folder / "report.html", proof=proof)
    return Demo(folder, found, fixed, proof, tuple(hold_against(found.findings, planted)), report)
