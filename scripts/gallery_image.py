"""Contact sheets of image operations and of mixtures, and the tables of their pages."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import gallery_table
import numpy as np
from PIL import Image, ImageDraw
from sklearn.datasets import load_sample_image

from tilth.errors import MissingExtraError
from tilth.plugin import Run, Shelf, sample_rng
from tilth.records import Sample

WIDE, TALL, CAPTION = 120, 90, 26
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
    "gaussian_blur": {"limit": 4.0}, "motion_blur": {"limit": 9}, "median_blur": {"size": 5},
    "jpeg_compression": {"quality": 5}, "elastic_transform": {"magnitude": 1.0}, "grid_distortion": {"magnitude": 1.0},
    "optical_distortion": {"magnitude": 1.0}, "solarize": {"magnitude": 0.5}, "posterize": {"magnitude": 1.0},
}  # fmt: skip
#: Which draw is shown, where the first is hardly seen.
EPOCHS = {"gaussian_blur": 1}
#: Transforms of other libraries that are shown: operation, transform, parameters.
LIBRARIES: list[tuple[str, str, dict[str, Any]]] = [
    ("albumentations", "CLAHE", {"clip_limit": 6.0}), ("albumentations", "RandomRain", {}),
    ("albumentations", "RandomFog", {}), ("albumentations", "ISONoise", {"intensity": (0.5, 0.5)}),
    ("albumentations", "Affine", {"shear": (15, 15)}), ("kornia", "RandomPlasmaShadow", {}),
    ("kornia", "RandomPerspective", {"distortion_scale": 0.5}), ("kornia", "RandomSolarize", {}),
    ("kornia", "RandomErasing", {}), ("kornia", "ColorJiggle", {"hue": 0.4}), ("kornia", "RandomSnow", {}),
]  # fmt: skip
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
        pen.multiline_text((left, top), caption, fill="black", spacing=2)
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


def caption(name: str) -> str:
    """An operation, and below it the parameters that it is drawn with."""
    params = {"magnitude": 0.7, **SHOWN.get(name, {})}
    if not SHELF.get(name).ranged:
        params.pop("magnitude", None)
    elif len(params) > 1:  # an explicit parameter overrides the magnitude
        params.pop("magnitude")
    return f"{name}\n{', '.join(f'{key} {value:g}' for key, value in params.items())}"


def library_sheet(sample: Sample, path: Path) -> None:
    """Transforms of other libraries; the picture stays as it is where one of them is missing."""
    pictures = [("the image itself", picture_of(sample, objects=False))]
    try:
        for name, transform, params in LIBRARIES:
            part = SHELF.make(name, transform=transform, params=params)
            made = part.apply(sample, sample_rng(2, 0, sample.row_id, name))
            pictures.append((f"{name}\n{transform}", picture_of(made, objects=False)))
    except MissingExtraError as reason:
        print(f"docs/augmentation/{path.name} stays as it is: {reason}")
        return
    save(sheet(pictures), path)


def mixed_numbers(pair: list[Sample]) -> tuple[str, Image.Image]:
    """Two images whose labels are numbers, mixed."""
    rows = [sample.changed(label=float(at + 1)) for at, sample in enumerate(pair)]
    made = SHELF.make("c_mixup").generate(rows, 1, Run(3, "gallery"))[0]
    return f"c_mixup of 1 and 2\ntarget {made.label:.2f}", picture_of(made, objects=False)


def mixed_rows() -> str:
    """Rows of a table, mixed: with classes, and with a number as target."""
    rows = gallery_table.samples()
    pieces = [
        "## Rows of tables",
        "",
        "`mixup(alpha=1.0)` of the [eight people](table.md); the label becomes two weights:",
        "",
    ]
    made = SHELF.make("mixup", alpha=1.0).generate(rows, 4, Run(0, "gallery"))
    pieces += [gallery_table.table([(new, None) for new in made]), ""]
    pieces += [
        "`c_mixup()` where the target is a number, here a tenth of the age; partners are of about the same age:",
        "",
    ]
    aged = [row.changed(label=row.value["age"] / 10) for row in rows]
    made = [new.changed(label=f"{new.label:.2f}") for new in SHELF.make("c_mixup").generate(aged, 4, Run(0, "gallery"))]
    return "\n".join([*pieces, gallery_table.table([(new, None) for new in made]), ""])


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
            sheet(start + [(caption(op), picture_of(changed(op, flower), objects=objects)) for op in operations]),
            docs / f"image-{name}.png",
        )
        tables += [
            f"### {title}", "", f"![{title}](image-{name}.png)", "", "| operation | what | strength |", "|---|---|---|",
            *map(row_of, operations), "",
        ]  # fmt: skip
    tables += [
        "### Of other libraries", "", "![Of other libraries](image-libraries.png)", "",
        "| operation | what | strength |", "|---|---|---|", *map(row_of, ("albumentations", "kornia")), "",
    ]  # fmt: skip
    _fill(docs / "image.md", "\n".join(tables))
    library_sheet(flower.changed(boxes=None, mask=None, box_labels=()), docs / "image-libraries.png")
    plain = [flower.changed(boxes=None, mask=None, box_labels=()), temple.changed(boxes=None, mask=None, box_labels=())]
    pictures = [(sample.label, picture_of(sample, objects=False)) for sample in plain]
    for name in MIXES:
        part = SHELF.make(name, **({"alpha": 2.0} if name == "mixup" else {}))
        seed = 1 if name == "mosaic" else 6
        sample = part.generate(plain, 1, Run(seed, "g" if name == "mosaic" else "gallery"))[0]
        weights = " ".join(f"{label[0]} {weight:.2f}" for label, weight in sorted(sample.soft.items()))
        pictures.append((f"{name}\n{weights}", picture_of(sample, objects=False)))
    pictures.append(mixed_numbers(plain))
    save(sheet(pictures, columns=4), docs / "mixing.png")
    _fill(
        docs / "mixing.md",
        "\n".join(["| recipe | what |", "|---|---|", *(_recipe(n) for n in (*MIXES, "c_mixup")), "", mixed_rows()]),
    )


def _recipe(name: str) -> str:
    doc = (inspect.getdoc(SHELF.get(name)) or "").partition("Parameters\n---")[0]
    return f"| `{name}` | {' '.join(doc.split())} |"


def _fill(page: Path, text: str) -> None:
    """Replace what stands between the marks of a page."""
    before, _, rest = page.read_text(encoding="utf-8").partition("<!-- made by scripts/gallery.py -->\n")
    _, _, after = rest.partition("<!-- end -->")
    page.write_text(f"{before}<!-- made by scripts/gallery.py -->\n{text}\n<!-- end -->{after}", encoding="utf-8")
