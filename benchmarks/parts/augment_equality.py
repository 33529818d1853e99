"""Bit-equal samples for 1, 2 and 4 workers, after a kill and resume, and from Python or the shell, on all media.

Started by ``benchmarks/augment.py``; prints one JSON object, rows and text.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from tilth.engine.augment import Augmenter
from tilth.engine.augment_runs import Workers
from tilth.engine.sample_rows import SampleRows, sample_rows
from tilth.records import AugmentationPolicy, RoleOverrides, Sample
from tilth.workflows.augment.verb import augment
from tilth.workflows.ingest import ingest
from tilth.workflows.project import RunOptions

ROWS, TIMES, SEED = 60, 4, 7
#: A policy a medium that draws, joins and mixes.
POLICIES: dict[str, list[Any]] = {
    "image": [{"rand_augment": {"n": 2, "m": 0.4}}, {"shift_scale_rotate": {"p": 0.5}}],
    "text": [{"one_of": ["random_swap", "random_deletion", "keyboard_typos"]}, {"aeda": {"p": 0.5}}],
    "audio": [{"rand_augment": {"n": 2, "m": 0.4}}, {"filter_augment": {"p": 0.5}}],
    "table": [{"swap_noise": 0.6}, {"quantile_jitter": {"p": 0.8}}, {"inject_missing": {"p": 0.3, "magnitude": 0.3}}],
}


def write(folder: Path, medium: str) -> Path:
    """A small made dataset of a medium as a CSV file, with its files beside it."""
    rng = np.random.default_rng(3)
    lines = []
    for at in range(ROWS):
        label = "ab"[at % 2]
        if medium == "image":
            from PIL import Image

            pixels = rng.integers(0, 255, (24, 24, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"{at}.png")
            lines.append(f"{at}.png,{label}")
        elif medium == "audio":
            import soundfile

            tone = 0.4 * np.sin(2 * np.pi * (300 + 20 * at) * np.arange(4000) / 8000) + 0.01 * rng.normal(size=4000)
            soundfile.write(folder / f"{at}.wav", tone.astype(np.float32), 8000, subtype="PCM_16")
            lines.append(f"{at}.wav,{label}")
        elif medium == "text":
            lines.append(f"the {at} birds were singing in tree {at % 7} while it rained on house {at % 11},{label}")
        else:
            lines.append(f"{rng.normal():.4f},{rng.integers(90)},{'xyz'[at % 3]},{label}")
    head = {"image": "image,label", "audio": "audio,label", "text": "text,label", "table": "size,age,kind,label"}
    path = folder / f"{medium}.csv"
    path.write_text("\n".join([head[medium], *lines]) + "\n", encoding="utf-8")
    return path


def mark(samples: list[Sample]) -> str:
    """A hash of values, labels, parents and recipes."""
    state = hashlib.sha256()
    for sample in samples:
        value = sample.value
        if isinstance(value, np.ndarray):
            state.update(f"{value.dtype}{value.shape}".encode() + np.ascontiguousarray(value).tobytes())
        else:
            state.update(repr(value).encode())
        state.update(repr((sample.label, sample.parents, sample.recipe)).encode())
    return state.hexdigest()


def with_workers(rows: SampleRows, medium: str, jobs: int) -> str:
    """The mark of every sample, made by some workers."""
    augmenter = Augmenter(AugmentationPolicy.from_dict(POLICIES[medium]), SEED, medium)
    if augmenter.wants_fit:
        augmenter = augmenter.fit([rows[at] for at in range(len(rows))])
    with Workers(augmenter, rows, jobs=jobs) as workers:
        return mark(list(workers([(at, epoch) for epoch in range(TIMES) for at in range(len(rows))])))


def written(folder: Path) -> str:
    """A hash of everything that an augmentation wrote: its list of rows and its files."""
    state = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            state.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return state.hexdigest()


def command(data: Path, medium: str, policy: Path, jobs: int) -> list[str]:
    """The shell's way; files and workspace go beside the data."""
    return [
        sys.executable, "-c", "from tilth.cli import main; main()", "augment", str(data), "--policy", str(policy),
        "--times", str(TIMES), "--write", "--out", str(data.parent / "out"),
        "--workspace", str(data.parent / "workspace"), "--seed", str(SEED), "--jobs", str(jobs), "--no-check",
        "--quiet", "--label", "label", *(["--text", "text"] * (medium == "text")),
    ]  # fmt: skip


def killed(line: list[str], manifest: Path) -> bool:
    """Start a run and kill it once it has written something; whether it was killed before its end."""
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
    while process.poll() is None:
        if manifest.exists() and manifest.stat().st_size > 2000:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return True
        time.sleep(0.002)
    return False


def one(medium: str) -> list[dict[str, Any]]:
    """Both rows of a medium."""
    with tempfile.TemporaryDirectory() as name:
        place = {way: Path(name) / way for way in ("python", "shell", "killed")}
        for folder in place.values():
            folder.mkdir()
        data = {way: write(folder, medium) for way, folder in place.items()}
        policy = Path(name) / "policy.yaml"
        policy.write_text(json.dumps({"policy": POLICIES[medium]}), encoding="utf-8")
        overrides = RoleOverrides(label="label", text=("text",) if medium == "text" else ())
        snapshot = ingest(data["python"], workspace=place["python"] / "first", overrides=overrides).snapshot
        rows = sample_rows(snapshot, medium, np.arange(ROWS))
        marks = [with_workers(rows, medium, jobs) for jobs in (1, 2, 4)]
        augment(
            data["python"], policy=policy, times=TIMES, write=True, check=False, out=place["python"] / "out",
            workspace=place["python"] / "workspace", overrides=overrides, options=RunOptions(SEED),
        )  # fmt: skip
        subprocess.run(command(data["shell"], medium, policy, 2), check=True, capture_output=True)
        stopped = killed(command(data["killed"], medium, policy, 2), place["killed"] / "out" / "rows.jsonl")
        if stopped:
            subprocess.run(command(data["killed"], medium, policy, 4), check=True, capture_output=True)
        found = {way: written(folder / "out") for way, folder in place.items()}
    n = ROWS * TIMES
    equal = len(set(found.values())) == 1
    return [
        row(f"{medium}: 1, 2 and 4 workers, {n} samples", len(set(marks)) == 1, marks[0][:12]),
        row(
            f"{medium}: Python, shell, killed and resumed",
            equal and stopped,
            found["python"][:12],
            "" if stopped else "ended before the kill",
        ),
    ]


def row(name: str, passed: bool, said: str, note: str = "") -> dict[str, Any]:
    """One figure of the table."""
    return {"name": name, "tilth": said, "peer": note, "ratio": "", "target": "the same bits", "passed": passed}


def main() -> int:
    """Print the rows as JSON."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    rows = [made for medium in POLICIES for made in one(medium)]
    print(json.dumps({"rows": rows, "text": []}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
