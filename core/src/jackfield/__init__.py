"""Jackfield: one small host, every model vendor a plugin.

As a library, without a server:

    from jackfield import Jackfield

    jackfield = Jackfield()
    print(jackfield.chat("local/smollm2", "Hello").text)

What stands here is imported when it is first used, so that `import jackfield` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .contract import (
        AudioPart,
        Blob,
        FilePart,
        ImagePart,
        JackfieldError,
        LLMResult,
        Message,
        OutputFormat,
        TextPart,
        Tool,
        ToolCall,
        ToolChoice,
        ToolResult,
        Usage,
    )
    from .host.library import AsyncJackfield
    from .host.library_blocking import Jackfield

__all__ = [
    "AsyncJackfield",
    "AudioPart",
    "Blob",
    "FilePart",
    "ImagePart",
    "Jackfield",
    "JackfieldError",
    "LLMResult",
    "Message",
    "OutputFormat",
    "TextPart",
    "Tool",
    "ToolCall",
    "ToolChoice",
    "ToolResult",
    "Usage",
    "__version__",
]

_HOMES = {"AsyncJackfield": ".host.library", "Jackfield": ".host.library_blocking"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "__version__":
        value: Any = import_module("importlib.metadata").version("jackfield")
    else:
        value = getattr(import_module(_HOMES.get(name, ".contract"), __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
