"""The picture of a report in the README: `python scripts/report_picture.py` runs the demonstration and photographs it.

Needs Chromium on the path, as `chromium` or as the environment variable CHROMIUM says.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from PIL import Image

import tilth

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "pictures" / "report.png"


def main() -> None:
    """Run the demonstration in an empty folder and write the top of its report as a picture of 256 colours."""
    with tempfile.TemporaryDirectory() as folder:
        made = tilth.demo(Path(folder) / "tilth-demo")
        shot = Path(folder) / "report.png"
        chromium = os.environ.get("CHROMIUM", "chromium")
        options = ["--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=1280,1500"]
        subprocess.run([chromium, *options, f"--screenshot={shot}", made.report.as_uri()], check=True)
        PICTURE.parent.mkdir(exist_ok=True)
        with Image.open(shot) as picture:
            small = picture.convert("RGB").resize((960, 1125), Image.Resampling.LANCZOS)
            small.quantize(64).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
