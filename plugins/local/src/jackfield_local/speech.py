"""Text to speech by eSpeak NG, the library inside the package espeakng-loader, called through ctypes.

The library has one voice, one speed and one callback for the whole process, hence one lock.
https://github.com/espeak-ng/espeak-ng/blob/master/src/include/espeak-ng/speak_lib.h
"""

from __future__ import annotations

import ctypes
import re
import threading
from collections.abc import Callable
from typing import Any

from jackfield_sdk import BadRequest, HostFault

from .engines import engine
from .workers import Stop, Stopped

DEFAULT_VOICE = "en-us"
_WORDS_A_MINUTE = 175  # eSpeak's own speed

_SYNCHRONOUS = 2  # AUDIO_OUTPUT_SYNCHRONOUS: samples go to the callback, before espeak_Synth returns
_DONT_EXIT = 0x8000  # espeakINITIALIZE_DONT_EXIT: a missing data folder is an error, not the end of the process
_RATE, _UTF8, _CHARACTERS = 1, 1, 1

# The voices of OpenAI's API, by which its clients ask: each a variant of eSpeak's English.
OPENAI_VOICES = {
    "alloy": "en-us",
    "ash": "en-us+m1",
    "ballad": "en-gb+m2",
    "coral": "en-us+f1",
    "echo": "en-us+m3",
    "fable": "en-gb",
    "nova": "en-us+f2",
    "onyx": "en-us+m7",
    "sage": "en-gb+f3",
    "shimmer": "en-us+f4",
    "verse": "en-us+m4",
}
# What people call a language, where eSpeak is more exact.
_LANGUAGES = {"en": "en-us", "fr": "fr-fr", "zh": "cmn", "zh-cn": "cmn", "zh-tw": "cmn", "zh-hk": "yue"}
_WITHOUT_DICTIONARY = frozenset({"fo", "kaa", "xex"})  # listed by the library, but espeakng-loader has no words for them
_VARIANTS = frozenset({"croak", "whisper", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "f1", "f2", "f3", "f4", "f5"})

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")  # eSpeak ends at a zero byte; the others have no sound

_lock = threading.Lock()


class _Voice(ctypes.Structure):
    """espeak_VOICE. `languages` is a priority byte, then a name ending in a zero byte, and so on."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("reserved", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


class Speaker:
    """Loads on first use. Its methods block: call them in a worker."""

    def __init__(self) -> None:
        self._library: Any = None
        self._rate = 0
        self._voices: dict[str, str] = {}  # language tag -> eSpeak's own name of the voice
        self._callback: Any = None  # kept: the library calls it as long as it lives
        self._receive: Callable[[bytes], bool] = lambda _: True

    def speak(self, text: str, voice: str, speed: float, stop: Stop) -> tuple[bytes, int]:
        """The samples (mono, 16 bits, the machine's byte order), and how many there are in a second.

        :param voice: a language tag, with `+` and a variant if wanted (`de+f2`), or one of OPENAI_VOICES
        :param speed: 1 is the voice's own
        :raises BadRequest: there is no such voice, or the text is not text
        :raises MissingExtra: espeakng-loader is not installed
        """
        try:
            spoken = _CONTROL.sub(" ", text).encode()
        except UnicodeEncodeError as error:
            raise BadRequest("The text is not valid Unicode.", param="input") from error
        samples = bytearray()

        def receive(piece: bytes) -> bool:
            samples.extend(piece)
            return stop.is_set()

        with _lock:
            self._load()
            self._choose(voice)
            self._library.espeak_SetParameter(_RATE, round(_WORDS_A_MINUTE * speed), 0)
            self._receive = receive
            try:
                failed = self._library.espeak_Synth(spoken + b"\0", len(spoken) + 1, 0, _CHARACTERS, 0, _UTF8, None, None)
            finally:
                self._receive = lambda _: True
        if stop.is_set():
            raise Stopped
        if failed:
            raise HostFault(f"eSpeak NG failed with code {failed}.")
        return bytes(samples), self._rate

    def _choose(self, voice: str) -> None:
        name = OPENAI_VOICES.get(voice.lower(), voice.lower())
        language, plus, variant = name.partition("+")
        language = _LANGUAGES.get(language, language)
        identifier = self._voices.get(language) if not plus or variant in _VARIANTS else None
        if identifier is None or self._library.espeak_SetVoiceByName(f"{identifier}{plus}{variant}".encode()):
            raise BadRequest(
                f"There is no voice `{voice[:64]}`.",
                param="voice",
                advice=(
                    "Name a language, such as en-us, en-gb, de, fr-fr, es, cmn (Mandarin) or yue (Cantonese), if wanted with a "
                    "variant from +m1 to +m8 or +f1 to +f5, or one of OpenAI's voices."
                ),
            )

    def _load(self) -> None:
        if self._library is not None:
            return
        loader = engine("espeakng_loader", extra="speech")
        library = ctypes.CDLL(loader.get_library_path())
        rate = library.espeak_Initialize(_SYNCHRONOUS, 0, loader.get_data_path().encode(), _DONT_EXIT)
        if rate <= 0:
            raise HostFault("eSpeak NG does not find its data.", advice="Install the package espeakng-loader anew.")
        self._callback = _Callback(self._on_samples)
        library.espeak_SetSynthCallback(self._callback)
        self._voices = _voices(library)
        self._rate = rate
        self._library = library

    def _on_samples(self, samples: int | None, count: int, _events: int | None) -> int:
        """What eSpeak calls with each piece; an answer other than 0 makes it stop."""
        if not samples or count <= 0:
            return 0
        return 1 if self._receive(ctypes.string_at(samples, count * 2)) else 0


def _voices(library: Any) -> dict[str, str]:
    library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
    listed = library.espeak_ListVoices(None)
    voices: dict[str, str] = {}
    index = 0
    while listed[index]:
        voice = listed[index].contents
        language = ctypes.string_at(voice.languages + 1).decode().lower()
        if language not in _WITHOUT_DICTIONARY:
            voices.setdefault(language, voice.identifier.decode())
        index += 1
    return voices
