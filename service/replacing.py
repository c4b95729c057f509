"""A file put in the place of another at once: whoever reads sees the old one or the new one."""

import os
from pathlib import Path
from tempfile import NamedTemporaryFile


def replace(path: Path, content: bytes) -> None:
    """Write a file, or nothing at all; a file that was there keeps its mode. Raises `OSError`."""
    target = path.resolve()
    mode = target.stat().st_mode & 0o777 if target.exists() else None
    with NamedTemporaryFile(dir=target.parent, prefix=".", suffix=".new", delete=False) as opened:
        beside = Path(opened.name)
        try:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
            beside.chmod(_usual_mode() if mode is None else mode)
            beside.replace(target)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise


def _usual_mode() -> int:
    """What a new file gets here; asking for the mask also sets it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return 0o666 & ~mask
