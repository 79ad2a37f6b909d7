"""What an operator sets through the environment. Read at each use, so that a test or a notebook may change it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from jackfield_sdk import HostFault

CACHE = "JACKFIELD_LOCAL_CACHE"
MODEL_DIRS = "JACKFIELD_LOCAL_MODEL_DIRS"
THREADS = "JACKFIELD_LOCAL_THREADS"
SLOTS = "JACKFIELD_LOCAL_SLOTS"
CONTEXT = "JACKFIELD_LOCAL_CONTEXT"
MODELS = "JACKFIELD_LOCAL_MODELS"
LOG_LEVEL = "JACKFIELD_LOCAL_LOG_LEVEL"

_CONTEXT_OF_SMOLLM2 = 8192


@dataclass(frozen=True, slots=True)
class Settings:
    """:param cache: where fetched model files are kept; its folder `models` may hold GGUF files of the operator's
    :param model_dirs: further folders whose GGUF files a workspace may use
    :param threads: of one engine
    :param slots: chats that one model answers at the same time; each takes the memory of a whole context
    :param context: tokens of the built-in chat model's context, at most 8192 (each 1024 take 23 MB a slot)
    :param models: GGUF models kept in memory at the same time
    :param log_level: of llama.cpp on standard error: 0 says nothing, 1 errors, 2 warnings, 3 what it does
    """

    cache: Path
    model_dirs: tuple[Path, ...]
    threads: int
    slots: int
    context: int
    models: int
    log_level: int

    @classmethod
    def from_environment(cls) -> Settings:
        """:raises HostFault: naming the variable that is set to what it cannot be"""
        cache = os.environ.get(CACHE)
        folders = (Path(entry).expanduser() for entry in os.environ.get(MODEL_DIRS, "").split(os.pathsep) if entry)
        return cls(
            cache=Path(cache).expanduser() if cache else platformdirs.user_cache_path("jackfield") / "local",
            model_dirs=tuple(folder for folder in folders if folder.is_absolute()),
            threads=_number(THREADS, _spare_cores(), minimum=1, maximum=512),
            slots=_number(SLOTS, 2, minimum=1, maximum=64),
            context=_number(CONTEXT, 4096, minimum=256, maximum=_CONTEXT_OF_SMOLLM2),
            models=_number(MODELS, 2, minimum=1, maximum=64),
            log_level=_number(LOG_LEVEL, 0, minimum=0, maximum=10),
        )

    @property
    def allowed_folders(self) -> tuple[Path, ...]:
        """The folders, symbolic links resolved, under which a GGUF file may be opened."""
        return tuple(folder.resolve() for folder in (self.cache / "models", *self.model_dirs))


def _spare_cores() -> int:
    """The cores this process may run on, less one for the host itself, at most 8: a small model gains nothing from more."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else (os.cpu_count() or 1)
    return max(1, min(cores - 1, 8))


def _number(name: str, default: int, *, minimum: int, maximum: int) -> int:
    text = os.environ.get(name)
    if not text:
        return default
    try:
        value = int(text)
    except ValueError:
        value = minimum - 1
    if not minimum <= value <= maximum:
        raise HostFault(
            f"The environment variable {name} is not a whole number from {minimum} to {maximum}.",
            advice=f"Set {name} to such a number, or remove it: then it is {default}.",
        )
    return value
