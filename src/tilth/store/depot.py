"""Where Lance data lie: a folder of the workspace or an object-store URL, with one way to list and remove."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa

from tilth.errors import StoreError
from tilth.store.faults import guarded

__all__ = ["Depot", "replace_file", "sync_folder"]


def sync_folder(path: Path) -> None:
    """Ask the disk to keep a folder's entries."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_file(path: Path, content: bytes) -> None:
    """Write a whole file or nothing: a temporary file, kept by the disk, then moved into place."""
    temporary = path.with_name(f".tmp-{os.getpid()}-{os.urandom(4).hex()}-{path.name}"[:200])
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


class Depot:
    """A tree of Lance datasets.

    Parameters
    ----------
    root : str
        An absolute folder, or a URL such as ``s3://bucket/prefix``.
    """

    def __init__(self, root: str) -> None:
        self.root = root.rstrip("/")
        self.local = "://" not in root

    def uri(self, *parts: str) -> str:
        """Address of something below the root, as Lance takes it."""
        return "/".join((self.root, *parts))

    def _fs(self, *parts: str) -> tuple[pa.fs.FileSystem, str]:
        import pyarrow.fs as fs

        if self.local:
            return fs.LocalFileSystem(), self.uri(*parts)
        try:
            system, path = fs.FileSystem.from_uri(self.uri(*parts))
        except (pa.ArrowInvalid, ValueError) as error:
            raise StoreError(
                "this is no address of an object store",
                where=self.root,
                found=str(error)[:200],
                fix="try s3://BUCKET/PATH",
            ) from error
        return system, path

    def _files(self, *parts: str, recursive: bool) -> list[pa.fs.FileInfo]:
        import pyarrow.fs as fs

        system, path = self._fs(*parts)
        with guarded(self.uri(*parts)):
            listed: list[pa.fs.FileInfo] = system.get_file_info(
                fs.FileSelector(path, allow_not_found=True, recursive=recursive)
            )
        return listed

    def children(self, folder: str) -> list[str]:
        """Names directly below a folder, sorted."""
        return sorted(info.base_name for info in self._files(folder, recursive=False))

    def exists(self, *parts: str) -> bool:
        """Whether anything lies at a path."""
        if self.local:
            return Path(self.uri(*parts)).exists()
        return bool(self._files(*parts, recursive=False))

    def size(self, *parts: str) -> int:
        """Bytes of all files below a path."""
        return sum(info.size or 0 for info in self._files(*parts, recursive=True) if info.is_file)

    def remove(self, *parts: str) -> int:
        """Remove a tree or a file; returns the bytes freed."""
        import pyarrow.fs as fs

        system, path = self._fs(*parts)
        with guarded(self.uri(*parts)):
            info = system.get_file_info(path)
            if info.type == fs.FileType.File:
                system.delete_file(path)
                return int(info.size)
            freed = self.size(*parts)
            if info.type == fs.FileType.Directory:
                system.delete_dir(path)
        return freed

    def make(self, folder: str) -> None:
        """Make a folder where the depot is one; object stores need none."""
        if self.local:
            with guarded(self.uri(folder)):
                Path(self.uri(folder)).mkdir(parents=True, exist_ok=True)

    def sync(self, *parts: str, since: float = 0.0) -> None:
        """Ask the disk to keep the files below a path that changed after `since` (a file time, seconds)."""
        if not self.local:
            return
        with guarded(self.uri(*parts)):
            top = Path(self.uri(*parts))
            fresh = [path for path in top.rglob("*") if path.is_file() and path.stat().st_mtime >= since]
            for path in fresh:
                descriptor = os.open(path, os.O_RDONLY)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
            for folder in {path.parent for path in fresh} | {top, top.parent}:
                sync_folder(folder)
