"""Sound in and out of files: decoding for speech to text, encoding of what was spoken. By PyAV, but for WAV and raw samples."""

from __future__ import annotations

import io
import wave
from typing import Any

from jackfield_sdk import BadRequest, RequestTooLarge

from .engines import engine
from .workers import Stop, Stopped

PCM_RATE = 24_000  # samples a second that clients of OpenAI's API take raw samples to have
WHISPER_RATE = 16_000  # samples a second that Whisper hears
LONGEST = 2 * 3600  # seconds of a recording: decoded, that is 460 MB

# Containers of sound, and no playlist or script among them, which would make the decoder open files and addresses.
_CONTAINERS = "wav,w64,mp3,flac,ogg,mov,mp4,m4a,matroska,webm,aac,aiff,amr,amrnb,amrwb,caf,au,asf,avi,mpegts"

MEDIA_TYPES = {
    "wav": "audio/wav",
    "pcm": "audio/pcm",
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "flac": "audio/flac",
    "aac": "audio/aac",
}
# format -> container, codec, samples a second
_ENCODINGS = {
    "mp3": ("mp3", "libmp3lame", 22_050),
    "opus": ("ogg", "libopus", 24_000),
    "flac": ("flac", "flac", 22_050),
    "aac": ("adts", "aac", 22_050),
}

_BITS_A_SECOND = 48_000  # plenty for one voice


def decode(data: bytes, stop: Stop) -> Any:
    """The recording as a NumPy array of 32-bit floats, mono, at 16 kHz.

    :raises BadRequest: the bytes are no recording that can be read
    :raises RequestTooLarge: it is longer than two hours
    :raises MissingExtra: PyAV is not installed
    """
    av = engine("av", extra="transcription")
    numpy = engine("numpy", extra="transcription")
    pieces: list[Any] = []
    samples = 0
    try:
        options = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "none"}
        with av.open(io.BytesIO(data), mode="r", metadata_errors="ignore", options=options) as container:
            if not container.streams.audio:
                raise BadRequest("The file has no sound in it.", param="file")
            resampler = av.AudioResampler(format="s16", layout="mono", rate=WHISPER_RATE)
            for frame in _frames(av, container):
                if stop.is_set():
                    raise Stopped
                for resampled in resampler.resample(frame):
                    pieces.append(resampled.to_ndarray().reshape(-1))
                    samples += pieces[-1].size
                if samples > LONGEST * WHISPER_RATE:
                    raise RequestTooLarge(f"The recording is longer than {LONGEST // 3600} hours.", param="file")
    except (av.FFmpegError, ValueError, EOFError) as error:
        raise BadRequest(
            "The file is not a recording that can be read.",
            param="file",
            advice="Send a whole WAV, MP3, FLAC, OGG, M4A, MP4 or WebM file.",
        ) from error
    if not samples:
        raise BadRequest("The file has no sound in it.", param="file")
    return numpy.concatenate(pieces).astype(numpy.float32) / 32768


def _frames(av: Any, container: Any) -> Any:
    """The frames, then None, which makes the resampler give what it holds. A broken packet among good ones is left out."""
    stream = container.streams.audio[0]
    for packet in container.demux(stream):
        try:
            yield from packet.decode()
        except av.error.InvalidDataError:
            continue
    yield None


def wav(pcm: bytes, rate: int) -> bytes:
    """A WAV file of mono 16-bit samples."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(pcm)
    return file.getvalue()


def encode(pcm: bytes, rate: int, name: str) -> bytes:
    """A file of mono 16-bit samples in the format `name` of MEDIA_TYPES.

    :raises MissingExtra: PyAV, which all but wav and pcm need, is not installed
    """
    if name == "wav":
        return wav(pcm, rate)
    numpy = engine("numpy", extra="speech")
    if name == "pcm":
        return _at_pcm_rate(numpy, pcm, rate)
    av = engine("av", extra="transcription")
    container_name, codec, encoded_rate = _ENCODINGS[name]
    file = io.BytesIO()
    with av.open(file, mode="w", format=container_name) as container:
        stream = container.add_stream(codec, rate=encoded_rate, layout="mono")
        stream.bit_rate = _BITS_A_SECOND
        frame = av.AudioFrame.from_ndarray(numpy.frombuffer(pcm, dtype=numpy.int16).reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = rate
        frame.pts = 0
        for packet in stream.encode(frame):
            container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return file.getvalue()


def _at_pcm_rate(numpy: Any, pcm: bytes, rate: int) -> bytes:
    samples = numpy.frombuffer(pcm, dtype=numpy.int16)
    if not samples.size:
        return b""
    times = numpy.arange(0, samples.size, rate / PCM_RATE)
    resampled: bytes = numpy.interp(times, numpy.arange(samples.size), samples).astype("<i2").tobytes()
    return resampled
