"""A first call in each of the languages that people ask for, with this host's address in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jackfield.contract import ModelType

if TYPE_CHECKING:
    from .visit import Visit

_CURL = """\
curl {base}/v1/chat/completions \\
  -H "Authorization: Bearer $JACKFIELD_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{{"model": "{model}", "messages": [{{"role": "user", "content": "Hello!"}}]}}'
"""
_PYTHON = """\
# pip install openai
import os

from openai import OpenAI

client = OpenAI(base_url="{base}/v1", api_key=os.environ["JACKFIELD_API_KEY"])
answer = client.chat.completions.create(
    model="{model}",
    messages=[{{"role": "user", "content": "Hello!"}}],
)
print(answer.choices[0].message.content)
"""
_JAVASCRIPT = """\
// npm install openai
import OpenAI from "openai";

const client = new OpenAI({{
  baseURL: "{base}/v1",
  apiKey: process.env.JACKFIELD_API_KEY,
}});
const answer = await client.chat.completions.create({{
  model: "{model}",
  messages: [{{ role: "user", content: "Hello!" }}],
}});
console.log(answer.choices[0].message.content);
"""


@dataclass(frozen=True, slots=True)
class Snippet:
    """:param id: for the page's tabs"""

    id: str
    name: str
    code: str


def chat_snippets(base: str, model: str) -> list[Snippet]:
    """:param base: the host's address, without a slash at its end"""
    texts = (("curl", "curl", _CURL), ("python", "Python", _PYTHON), ("javascript", "JavaScript", _JAVASCRIPT))
    return [Snippet(id_, name, text.format(base=base, model=model).rstrip()) for id_, name, text in texts]


async def first_chat_model(visit: Visit) -> str:
    """What a first call may ask for: the default where there is one, or the first model that can be used."""
    view = await visit.host.tenancy.views.get(visit.caller.workspace_id)
    if ModelType.LLM in view.defaults:
        return "default"
    usable = await visit.host.models.usable(visit.caller, ModelType.LLM)
    return usable[0].name if usable else "provider/model"
