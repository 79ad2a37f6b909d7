"""One GGUF model in memory: llama.cpp's server engine inside this process."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jackfield_sdk import BadRequest, ContextLengthExceeded, HostFault, JackfieldError, ServerUnavailable

from ..engines import engine
from ..gguf import read_header
from ..workers import Stop, Stopped, Workers

Chunk = dict[str, Any]  # one piece of an answer, in the shape of OpenAI's stream

_SOCKET_NAME_LIMIT = 90  # bytes that the path of a Unix socket may have everywhere, less some
_PROMPT_BATCH = 256  # tokens read between two chances to stop: about a second on a slow machine


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """What a model is loaded with; two calls with equal settings share the loaded model.

    :param context: tokens of one chat, input and output
    :param slots: chats at the same time
    :param gpu_layers: layers put on a GPU, where xllamacpp was built for one; None: as many as fit
    :param template: a Jinja chat template instead of the file's own
    :param temperature, top_p: used where a request says nothing
    :param changed: when the file was, so that another file by the same name is loaded anew
    """

    path: Path
    context: int
    slots: int
    threads: int
    gpu_layers: int | None = None
    template: str | None = None
    embedding: bool = False
    temperature: float | None = None
    top_p: float | None = None
    changed: int = 0
    log_level: int = 0


class LoadFailed(HostFault):
    """llama.cpp could not load the file."""


class LlamaServer:
    """A loaded model. Its methods block: call them in `workers` (answers) or `counting` (token counts), not in the loop."""

    def __init__(self, settings: ModelSettings) -> None:
        """:raises MissingExtra: xllamacpp is not installed
        :raises LoadFailed: the file is not one that llama.cpp can load
        """
        self.settings = settings
        self._key = secrets.token_hex(16)
        with _waiting_threads_asleep():
            llama = engine("xllamacpp", extra="chat")
        self._folder = _private_folder()
        self._server = self._start(llama)
        self.workers = Workers("llama", settings.slots)
        self.counting = Workers("llama-count")

    def _start(self, llama: Any) -> Any:
        try:
            return llama.Server(self._parameters(llama))
        except (RuntimeError, ValueError, OSError) as error:  # NotGGUF is a ValueError
            shutil.rmtree(self._folder, ignore_errors=True)
            raise LoadFailed(
                f"llama.cpp could not load {self.settings.path.name}.",
                advice=(
                    "Set JACKFIELD_LOCAL_LOG_LEVEL=3 to see its reasons on standard error. The file may be broken, of a kind "
                    "that this version of xllamacpp does not know, or too large for the memory that is free."
                ),
            ) from error

    def _parameters(self, llama: Any) -> Any:
        settings = self.settings
        parameters = llama.CommonParams()
        parameters.model.path = str(settings.path)
        parameters.n_ctx = settings.context * settings.slots
        parameters.n_parallel = settings.slots
        parameters.kv_unified = False  # each chat has its own share: a long one cannot starve another
        parameters.n_batch = parameters.n_ubatch = settings.context if settings.embedding else _PROMPT_BATCH
        parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = settings.threads
        parameters.cache_ram_mib = 0  # else finished chats would be kept in up to 8 GB
        parameters.warmup = False
        parameters.offline = True
        parameters.verbosity = settings.log_level
        if settings.gpu_layers is not None:
            parameters.n_gpu_layers = settings.gpu_layers
        parameters.fit_params = settings.gpu_layers is None and _has_gpu(llama)
        if settings.template is not None:
            parameters.chat_template = settings.template
        parameters.embedding = settings.embedding
        if settings.embedding and not read_header(settings.path).has_pooling:
            parameters.pooling_type = llama.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
        if settings.temperature is not None:
            parameters.sampling.temp = settings.temperature
        if settings.top_p is not None:
            parameters.sampling.top_p = settings.top_p
        # The engine always listens. Nobody else is to reach it: a socket in a folder of our own, and a key besides.
        parameters.hostnames = [str(self._folder / "s.sock")] if _has_unix_sockets() else ["127.0.0.1"]
        parameters.port = 0
        parameters.api_keys = [self._key]
        parameters.n_threads_http = 2
        parameters.endpoint_slots = False
        parameters.ui = False
        return parameters

    def generate(
        self, body: dict[str, Any], on_chunk: Callable[[Chunk], None], stop: Stop, *, completion: bool = False
    ) -> None:
        """Answer `body` (a chat, or with `completion` a text completion, in OpenAI's shape) piece by piece.

        :raises BadRequest: the engine refuses the body
        :raises ContextLengthExceeded: the prompt alone does not fit
        :raises Stopped: `stop` was set; the engine has ended its work by then
        """
        trouble: list[BaseException] = []

        def receive(chunk: Chunk) -> bool:
            if stop.is_set():
                return True
            if "error" in chunk:
                trouble.append(_error(chunk["error"]))
                return True
            try:
                on_chunk(chunk)
            except BaseException as error:
                trouble.append(error)  # the engine would swallow it
                return True
            return False

        handle = self._server.handle_completions if completion else self._server.handle_chat_completions
        # Progress on the prompt is asked for only to have `receive` called, and so be able to stop, while a prompt is read.
        body = body | {"stream": True, "stream_options": {"include_usage": True}, "return_progress": True, "verbose": True}
        _call(handle, body, receive)
        if trouble:
            raise trouble[0]
        if stop.is_set():
            raise Stopped

    def embed(self, texts: list[str]) -> tuple[list[list[float]], int]:
        """A vector for each text, of length 1, and the tokens in all of them.

        :raises ContextLengthExceeded: a text is longer than the model's context
        """
        answer = _call(self._server.handle_embeddings, {"input": texts})
        if "error" in answer:
            raise _error(answer["error"])
        vectors = {item["index"]: item["embedding"] for item in answer["data"]}
        return [vectors[index] for index in range(len(texts))], answer["usage"]["prompt_tokens"]

    def count_chat(self, body: dict[str, Any]) -> int:
        """The tokens that the chat `body` is turned into by the model's template and tokenizer."""
        return int(self._post("/v1/chat/completions/input_tokens", body)["input_tokens"])

    def count_text(self, text: str) -> int:
        """The tokens of a text completion's prompt."""
        return len(self._post("/tokenize", {"content": text, "add_special": True, "parse_special": True})["tokens"])

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        connection = _Connection(self._server.listening_address)
        try:
            headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._key}"}
            connection.request("POST", path, json.dumps(body), headers)
            response = connection.getresponse()
            answer: dict[str, Any] = json.loads(response.read())
        finally:
            connection.close()
        if "error" in answer:
            raise _error(answer["error"])
        return answer

    def close(self) -> None:
        """Stop what runs and free the memory. Where a thread does not end in time the model is left as it is:
        freeing it under a running thread would crash the process."""
        if all([self.workers.close(), self.counting.close()]):
            self._server = None
            shutil.rmtree(self._folder, ignore_errors=True)


class _Connection(http.client.HTTPConnection):
    """To the engine's listener, by the address that it names: `unix://<path>` or `http://<host>:<port>`."""

    def __init__(self, address: str) -> None:
        scheme, _, rest = address.partition("://")
        self._path = rest if scheme == "unix" else None
        super().__init__("localhost" if self._path else rest, timeout=60)

    def connect(self) -> None:
        if self._path is None:
            super().connect()
            return
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _call(handle: Callable[..., Any], *arguments: Any) -> Any:
    """Call the engine; what it throws at a body that it cannot take becomes an error of the tree."""
    try:
        return handle(*arguments)
    except ValueError as error:
        raise BadRequest(f"llama.cpp refuses the request: {_plain(error)}") from error
    except TypeError as error:  # of the JSON encoder
        raise BadRequest(f"The request holds what is not valid Unicode text: {_plain(error)}") from error
    except RuntimeError as error:
        raise ServerUnavailable(f"llama.cpp failed: {_plain(error)}") from error


def _error(error: dict[str, Any]) -> JackfieldError:
    message = str(error.get("message", ""))
    if error.get("type") == "exceed_context_size_error":
        return ContextLengthExceeded(
            f"The input has {error.get('n_prompt_tokens')} tokens; the model's context holds {error.get('n_ctx')}.",
            vendor_message=message,
        )
    if "too large to process" in message:  # an embedding's input, which is read in one go
        return ContextLengthExceeded("A text is longer than the model's context.", vendor_message=message)
    if error.get("code") == 400:
        return BadRequest(f"llama.cpp refuses the request: {message}", vendor_message=message)
    return ServerUnavailable(f"llama.cpp failed: {message}", vendor_message=message)


def _plain(error: Exception) -> str:
    return str(error).strip().rstrip(".") + "."


@contextmanager
def _waiting_threads_asleep() -> Iterator[None]:
    """Threads of OpenMP (read when its library is loaded) sleep while they wait for each other. By default they spin, which on
    a machine that has other work besides makes an answer take ten times as long."""
    name = "OMP_WAIT_POLICY"
    if name in os.environ:
        yield
        return
    os.environ[name] = "PASSIVE"
    try:
        yield
    finally:
        del os.environ[name]


def _has_unix_sockets() -> bool:
    return hasattr(socket, "AF_UNIX")


def _has_gpu(llama: Any) -> bool:
    return any("CPU" not in str(device["type"]) for device in llama.get_device_info())


def _private_folder() -> Path:
    """A folder that only this user may enter, with a path short enough for a socket in it."""
    folder = tempfile.mkdtemp(prefix="jackfield-")
    if len(folder) > _SOCKET_NAME_LIMIT and Path("/tmp").is_dir():  # noqa: S108 - mkdtemp makes it private there too
        Path(folder).rmdir()
        folder = tempfile.mkdtemp(prefix="jackfield-", dir="/tmp")
    return Path(folder)
