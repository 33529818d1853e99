"""Images a second of tilth's policies beside albumentations called by hand and torchvision's RandAugment.

``rows()`` gives the figures in the form of the main benchmark; it runs in an environment that has albumentations 2.0.8,
and torch with torchvision. Each side gets a decoded photograph of 224 x 224 pixels in the form that it works on
(an array, or a Pillow image) and answers in that form, on one thread; the sides take turns, the median of the rounds
counts. Seconds are those of the processor, which other work on the machine does not stretch.
"""

from __future__ import annotations

import importlib
import json
import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from tilth.engine.augment import Augmenter
from tilth.records import AugmentationPolicy, Sample

SIDE = 224
ROUNDS = 7
SECONDS = 0.7

#: The strong pipeline: name in albumentations, arguments, probability, and the operation of tilth that does the same.
STRONG: list[tuple[str, dict[str, Any], float, dict[str, Any]]] = [
    ("RandomResizedCrop", {"size": (SIDE, SIDE), "scale": (0.5, 1.0)}, 1.0, {"random_resized_crop": {"scale": 0.5}}),
    ("HorizontalFlip", {}, 0.5, {"horizontal_flip": {"p": 0.5}}),
    ("ShiftScaleRotate", {"shift_limit": 0.06, "scale_limit": 0.1, "rotate_limit": 15}, 0.5,
     {"shift_scale_rotate": {"p": 0.5, "shift": 0.06, "scale": 0.1, "rotate": 15.0}}),
    ("ColorJitter", {"brightness": 0.2, "contrast": 0.2, "saturation": 0.2, "hue": 0.1}, 0.8,
     {"color_jitter": {"p": 0.8, "brightness": 0.2, "contrast": 0.2, "saturation": 0.2, "hue": 0.1}}),
    ("ToGray", {}, 0.1, {"to_gray": {"p": 0.1}}),
    ("RandomGamma", {"gamma_limit": (70, 140)}, 0.3, {"random_gamma": {"p": 0.3, "limit": 1.4}}),
    ("GaussNoise", {"std_range": (0.02, 0.1)}, 0.3, {"image_gaussian_noise": {"p": 0.3, "limit": 0.1}}),
    ("MotionBlur", {"blur_limit": 7}, 0.1, {"motion_blur": {"p": 0.1, "limit": 7}}),
    ("GaussianBlur", {"blur_limit": (3, 7)}, 0.1, {"gaussian_blur": {"p": 0.1, "limit": 1.5}}),
    ("MedianBlur", {"blur_limit": 5}, 0.1, {"median_blur": {"p": 0.1, "size": 5}}),
    ("GridDistortion", {}, 0.1, {"grid_distortion": {"p": 0.1}}),
    ("ElasticTransform", {"alpha": 30, "sigma": 5}, 0.1,
     {"elastic_transform": {"p": 0.1, "alpha": 30.0, "sigma": 5.0}}),
    ("OpticalDistortion", {}, 0.1, {"optical_distortion": {"p": 0.1}}),
    ("CoarseDropout", {}, 0.3, {"coarse_dropout": {"p": 0.3}}),
    ("Normalize", {}, 1.0, {"normalize": {}}),
]  # fmt: skip


Row = dict[str, Any]


def row(
    name: str, passed: bool | None, tilth: str = "", peer: str = "", ratio: str = "", target: str = ""
) -> dict[str, Any]:
    """One figure of the table; `passed` is None where nothing is demanded."""
    return {"name": name, "tilth": tilth, "peer": peer, "ratio": ratio, "target": target, "passed": passed}


def photograph() -> Any:
    """A photograph that scikit-learn ships, cut square."""
    from PIL import Image
    from sklearn.datasets import load_sample_image

    picture = Image.fromarray(load_sample_image("china.jpg"))
    return picture.crop((100, 0, 527, 427)).resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def rates(*sides: Callable[[int], Any]) -> list[float]:
    """Calls a second of processor time of each side: median over rounds in which they take turns."""
    for side in sides:
        for turn in range(30):
            side(turn)
    seen: list[list[float]] = [[] for _ in sides]
    for start in range(ROUNDS):
        for at, side in enumerate(sides):
            done, begun = 0, time.process_time()
            while time.process_time() - begun < SECONDS:
                for turn in range(20):
                    side(start * 100_000 + done + turn)
                done += 20
            seen[at].append(done / (time.process_time() - begun))
    return [statistics.median(side) for side in seen]


def augmenter(steps: list[Any]) -> Callable[[int], Any]:
    """A policy of tilth, called on the photograph with another epoch each time."""
    made = Augmenter(AugmentationPolicy.from_dict({"medium": "image", "policy": steps}))
    sample = Sample("image", np.array(photograph()), "photo", "china")
    return lambda turn: made(sample, turn).value


def by_hand() -> Callable[[int], Any]:
    """The strong pipeline as its users write it."""
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
    a = importlib.import_module("albumentations")
    importlib.import_module("cv2").setNumThreads(1)
    warnings.filterwarnings("ignore", message="ShiftScaleRotate is a special case")
    made = a.Compose([getattr(a, name)(**{**params, "p": p}) for name, params, p, _ in STRONG], seed=0)
    image = np.array(photograph())
    return lambda _: made(image=image)["image"]


def policy_rows() -> list[Row]:
    """The strong pipeline through the adapter, and with own operations, beside albumentations called by hand."""
    inner = [{name: {**params, "p": p}} for name, params, p, _ in STRONG]
    whole = augmenter([{"albumentations": {"transform": "Compose", "params": {"transforms": inner}}}])
    steps = augmenter([{"albumentations": {"p": p, "transform": n, "params": q}} for n, q, p, _ in STRONG])
    tilth, single, own, peer = rates(whole, steps, augmenter([step for _, _, _, step in STRONG]), by_hand())
    hand = f"{peer:.0f} (albumentations 2.0.8)"
    return [
        row(
            "image policy through the adapter, one step, images a second", tilth >= 0.9 * peer, f"{tilth:.0f}", hand,
            f"{tilth / peer:.2f}", "at least 0.90",
        ),
        row(
            "the same policy as 15 steps, each with randomness of its own", None, f"{single:.0f}", hand,
            f"{single / peer:.2f}",
        ),
        row("the same policy with tilth's own operations", None, f"{own:.0f}", hand, f"{own / peer:.2f}"),
    ]  # fmt: skip


def _torchvision() -> Any:
    """torchvision's transforms; its compiled operators, which RandAugment does not use, may be absent."""
    try:
        return importlib.import_module("torchvision.transforms")
    except RuntimeError:
        # built for another torch build: declare the two operators whose absence stops the import
        torch = importlib.import_module("torch")
        _torchvision.kept = torch.library.Library("torchvision", "DEF")  # type: ignore[attr-defined]
        for name in ("nms", "qnms"):
            _torchvision.kept.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")  # type: ignore[attr-defined]
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        return importlib.import_module("torchvision.transforms")


def randaugment_rows() -> list[Row]:
    """RandAugment with two operations at magnitude 9 of 30, with either interpolation."""
    try:
        transforms = _torchvision()
    except ImportError as error:
        return [row("RandAugment: torchvision cannot be installed here", None, peer=str(error)[:60])]
    picture, made = photograph(), []
    moving = ("rotate", "shear_x", "shear_y")
    still = (
        "identity", "autocontrast", "equalize", "solarize", "color", "posterize", "contrast", "brightness", "sharpness",
        "translate_x", "translate_y",
    )  # fmt: skip
    for how in ("bilinear", "nearest"):
        mode = transforms.InterpolationMode(how)
        peer_side = transforms.RandAugment(num_ops=2, magnitude=9, interpolation=mode)
        steps = [*still, *({name: {"interpolation": how}} for name in moving)]
        policy = [{"rand_augment": {"n": 2, "m": 0.3, "operations": steps}}]
        tilth, peer = rates(augmenter(policy), lambda _, side=peer_side: side(picture))  # type: ignore[misc]
        made.append(
            row(
                f"RandAugment, {how}, images a second", tilth >= peer, f"{tilth:.0f}",
                f"{peer:.0f} (torchvision)", f"{tilth / peer:.2f}", "at least 1.00",
            )
        )  # fmt: skip
    return made


def rows() -> list[Row]:
    """All figures."""
    return [*policy_rows(), *randaugment_rows()]


if __name__ == "__main__":
    print(json.dumps({"rows": rows(), "text": []}, indent=1))
