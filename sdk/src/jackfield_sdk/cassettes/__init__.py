"""Cassettes: what a vendor really answered, kept as files with the secrets scrubbed, and played again in tests.

A cassette is a file of JSON lines: a head, then the exchanges in their order, then what the plugin made of them.

    {"cassette": 1, "provider": "acme", "probe": "chat-stream", "model": "acme-large", "model_type": "llm", "recorded_on": "…"}
    {"request": {"method": "POST", "url": "https://api.acme.example/chat", "headers": {"x-api-key": "SCRUBBED"}, "body": "…"}}
    {"response": {"status": 200, "headers": {"content-type": "text/event-stream"}}}
    {"piece": "data: {…}\\n\\n"}
    {"result": {"text": "Hello", "finish_reason": "stop", "usage": {"input_tokens": 9, "output_tokens": 2}}}

A body or a piece that is not UTF-8 stands there in base64, as `body_base64` or `piece_base64`.
"""

from .cassette import Cassette, CassetteError, Exchange, load_cassettes
from .recording import Recorder
from .scrubbing import SCRUBBED, Scrubber

__all__ = ["SCRUBBED", "Cassette", "CassetteError", "Exchange", "Recorder", "Scrubber", "load_cassettes"]
