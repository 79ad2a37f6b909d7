"""Text that a person reads, in the languages that the console and the command line speak."""

from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator


class LocalizedText(BaseModel):
    """A label or a hint in English and, where there is one, in Chinese. A bare string is taken as English."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    en: str
    zh: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _accept_a_bare_string(cls, value: object) -> object:
        return {"en": value} if isinstance(value, str) else value

    @classmethod
    def of(cls, en: str, zh: str | None = None) -> Self:
        """Short for `LocalizedText(en=en, zh=zh)`, for the many labels of a form."""
        return cls(en=en, zh=zh)

    def text(self, language: str = "en") -> str:
        """The text in `language` (a BCP 47 tag such as `zh-CN`; only its first part counts), or in English."""
        return self.zh if self.zh and language.lower().startswith("zh") else self.en

    def __str__(self) -> str:
        return self.en
