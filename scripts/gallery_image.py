"""Contact sheets of image operations and of mixtures, and the tables of their pages."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw
from sklearn.datasets import load_sample_image

from tilth.plugin import Run, Shelf, sample_rng
from tilth.records import Sample

WIDE, TALL, CAPTION = 120, 90, 13
SHELF = Shelf("generators")
SHEETS: dict[str, tuple[str, list[str]]] = {
    "geometry": (
        "Places: image, mask and boxes move alike",
        [
            "horizontal_flip", "vertical_flip", "transpose", "random_rotate90", "random_crop", "random_resized_crop",
            "rotate", "shear_x", "shear_y", "translate_x", "translate_y", "shift_scale_rotate", "perspective",
            "grid_distortion", "elastic_transform", "optical_distortion",
        ],
    ),
    "tones": (
        "Tables of light",
        ["identity", "autocontrast", "equalize", "invert", "posterize", "solarize", "solarize_add", "random_gamma"],
    ),
    "colour": (
        "Colour and light",
        ["color", "contrast", "brightness", "sharpness", "color_jitter", "to_gray", "normalize"],
    ),
    "noise": (
        "Blur, noise, compression and holes",
        [
            "gaussian_blur", "motion_blur", "median_blur", "image_gaussian_noise", "salt_and_pepper",
            "jpeg_compression", "coarse_dropout", "grid_dropout",
        ],
    ),
}  # fmt: skip
#: Explicit strengths, where the drawn one would not be seen in so small a picture.
SHOWN: dict[str, dict[str, Any]] = {
    "gaussian_blur": {"limit": 12.0}, "motion_blur": {"limit": 9}, "median_blur": {"size": 5},
    "jpeg_compression": {"quality": 5}, "elastic_transform": {"magnitude": 1.0}, "grid_distortion": {"magnitude": 1.0},
    "optical_distortion": {"magnitude": 1.0}, "solarize": {"magnitude": 0.5}, "posterize": {"magnitude": 1.0},
}  # fmt: skip
#: Which draw is shown, where the first is hardly seen.
EPOCHS = {"gaussian_blur": 1}
MIXES = ("mixup", "cutmix", "resizemix", "mosaic")


def scene(name: str, row_id: str, label: str) -> Sample:
    """A photograph that scikit-learn ships, as a thumbnail, with a box and a mask about its middle."""
    picture = Image.fromarray(load_sample_image(name)).resize((WIDE, TALL), Image.Resampling.LANCZOS)
    mask = np.zeros((TALL, WIDE), np.uint8)
    y, x = np.mgrid[0:TALL, 0:WIDE]
    mask[((x - 62) / 26) ** 2 + ((y - 44) / 20) ** 2 < 1] = 1
    box = np.array([[36, 24, 88, 64]], np.float32)
    return Sample("image", np.array(picture), row_id, label, boxes=box, box_labels=("thing",), mask=mask)


def picture_of(sample: Sample, *, objects: bool) -> Image.Image:
    """A sample as a picture; with its box and the outline of its mask."""
    pixels = np.asarray(sample.value)
    if pixels.dtype.kind == "f":  # normalised: shown between its extremes
        pixels = (255 * (pixels - pixels.min()) / np.ptp(pixels)).astype(np.uint8)
    drawn = pixels.copy()
    if objects and sample.mask is not None:
        inside = np.pad(sample.mask > 0, 1)
        core = inside[1:-1, 1:-1] & inside[:-2, 1:-1] & inside[2:, 1:-1] & inside[1:-1, :-2] & inside[1:-1, 2:]
        drawn[(sample.mask > 0) & ~core] = (255, 230, 0)
    picture = Image.fromarray(drawn)
    if objects and sample.boxes is not None:
        pen = ImageDraw.Draw(picture)
        for x0, y0, x1, y1 in sample.boxes.tolist():
            pen.rectangle((x0, y0, x1 - 1, y1 - 1), outline=(255, 0, 80))
    return picture


def sheet(pictures: list[tuple[str, Image.Image]], columns: int = 4) -> Image.Image:
    """Pictures with captions in rows."""
    rows = -(-len(pictures) // columns)
    page = Image.new("RGB", (columns * (WIDE + 6) + 6, rows * (TALL + CAPTION + 6) + 6), "white")
    pen = ImageDraw.Draw(page)
    for at, (caption, picture) in enumerate(pictures):
        left, top = 6 + at % columns * (WIDE + 6), 6 + at // columns * (TALL + CAPTION + 6)
        pen.text((left, top), caption, fill="black")
        picture.thumbnail((WIDE, TALL))
        page.paste(picture, (left + (WIDE - picture.width) // 2, top + CAPTION))
    return page


def save(page: Image.Image, path: Path) -> None:
    """A small file: as many colours as fit in 60 KB."""
    for colours in (256, 128, 64, 48, 32, 24, 16):
        page.quantize(colours, dither=Image.Dither.NONE).save(path, optimize=True)
        if path.stat().st_size <= 60_000:
            return


def changed(name: str, sample: Sample) -> Sample:
    """A sample through an operation, with a strength that can be seen."""
    part = SHELF.make(name, **{"magnitude": 0.7, **SHOWN.get(name, {})})
    return part.apply(sample, sample_rng(2, EPOCHS.get(name, 0), sample.row_id, name))  # type: ignore[no-any-return]


def row_of(name: str) -> str:
    """A line of a page's table: name, what it does, how strong it gets."""
    part = SHELF.get(name)
    lines = (inspect.getdoc(part) or "").partition("Parameters\n---")[0].strip().split("\n\n")
    what, strength = (" ".join(piece.split()) for piece in [*lines, ""][:2])
    pooled = " (RandAugment)" if getattr(part, "pooled", False) else ""
    return f"| `{name}`{pooled} | {what} | {strength} |"


def write(docs: Path) -> None:
    """Pictures of operations and mixtures, and the tables between the marks of their pages."""
    flower, temple = scene("flower.jpg", "flower", "flower"), scene("china.jpg", "china", "temple")
    tables = []
    for name, (title, operations) in SHEETS.items():
        objects = name == "geometry"
        start = [("the image itself", picture_of(flower, objects=objects))]
        save(
            sheet(start + [(op, picture_of(changed(op, flower), objects=objects)) for op in operations]),
            docs / f"image-{name}.png",
        )
        tables += [
            f"### {title}", "", f"![{title}](image-{name}.png)", "", "| operation | what | strength |", "|---|---|---|",
            *map(row_of, operations), "",
        ]  # fmt: skip
    _fill(docs / "image.md", "\n".join(tables))
    plain = [flower.changed(boxes=None, mask=None, box_labels=()), temple.changed(boxes=None, mask=None, box_labels=())]
    pictures = [(sample.label, picture_of(sample, objects=False)) for sample in plain]
    for name in MIXES:
        part = SHELF.make(name, **({"alpha": 2.0} if name == "mixup" else {}))
        seed = 1 if name == "mosaic" else 6
        sample = part.generate(plain, 1, Run(seed, "g" if name == "mosaic" else "gallery"))[0]
        weights = " ".join(f"{label[0]} {weight:.2f}" for label, weight in sorted(sample.soft.items()))
        pictures.append((f"{name} {weights}", picture_of(sample, objects=False)))
    save(sheet(pictures, columns=3), docs / "mixing.png")
    _fill(
        docs / "mixing.md",
        "\n".join(["| recipe | what |", "|---|---|", *(_recipe(n) for n in (*MIXES, "c_mixup")), ""]),
    )


def _recipe(name: str) -> str:
    doc = (inspect.getdoc(SHELF.get(name)) or "").partition("Parameters\n---")[0]
    return f"| `{name}` | {' '.join(doc.split())} |"


def _fill(page: Path, text: str) -> None:
    """Replace what stands between the marks of a page."""
    before, _, rest = page.read_text(encoding="utf-8").partition("<!-- made by scripts/gallery.py -->\n")
    _, _, after = rest.partition("<!-- end -->")
    page.write_text(f"{before}<!-- made by scripts/gallery.py -->\n{text}\n<!-- end -->{after}", encoding="utf-8")
