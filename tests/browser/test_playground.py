"""The playground: an answer as it comes, stopped, asked for again, compared; files, tools, voice, code; what goes wrong."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from jackfield.contract import ModelType, SpeechRequest, ToolCall
from jackfield.host import NewCredential
from jackfield_sdk.testing import Answer, OpenAIAnswers, Recorded, Said, VendorDouble
from playwright.sync_api import FilePayload, Page, expect

RIVERS = Said(
    reasoning=("They ask ", "about rivers."), pieces=("The Danube\n\n```\nprint('", "river')\n```\n\nand the ", "Rhine.")
)
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}]
PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


class Vendor(OpenAIAnswers):
    """How OpenAI answers."""


def speaks(request: Recorded) -> Answer:
    """What is asked decides what is answered: a name, questions, a tool call, or rivers."""
    messages, vendor = request.json["messages"], Vendor()
    instruction = json.dumps(messages[:1])
    if "You name conversations" in instruction:
        return vendor.llm_answer(Said(pieces=('{"title": "Rivers of Europe"}',)))
    if "would most naturally ask" in instruction:
        return vendor.llm_answer(Said(pieces=('{"question_1": "How long is it?", "question_2": "Where does it end?"}',)))
    if request.json.get("tools") and messages[-1]["role"] != "tool":
        call = ToolCall("call_1", "weather", '{"city": "Vienna"}')
        return vendor.llm_stream(Said(pieces=(), tool_calls=(call,), finish_reason="tool_calls"))
    return vendor.llm_stream(RIVERS)


@pytest.fixture(autouse=True)
def _furnished(site: Any, vendor: VendorDouble, owner: Any) -> None:
    """A vendor that answers, and a default reasoning model of it."""
    vendor.on("GET", "/models", Answer.json({"object": "list", "data": []}))
    vendor.on("POST", "/chat/completions", speaks)
    site.run(site.host.vendors.add(owner.caller, "openai", NewCredential(values=site.values, name="double")))
    site.run(site.host.tenancy.choices.set_default(owner.caller, ModelType.LLM, "openai/gpt-4o-mini"))


def say(page: Page, text: str) -> None:
    page.get_by_label("Message").fill(text)
    page.keyboard.press("Enter")


def chats(vendor: VendorDouble) -> list[Any]:
    """The conversations that the vendor was sent, those for names and questions apart."""
    return [request.json for request in vendor.requests if request.path.endswith("/completions") and request.json.get("stream")]


def test_an_answer_comes_and_the_conversation_gets_a_name_and_questions(page: Page, vendor: VendorDouble) -> None:
    page.goto("/console/playground")
    page.get_by_role("region", name="Model 1").get_by_text("Parameters").click()
    page.get_by_role("region", name="Model 1").get_by_label("temperature").fill("0.5")
    say(page, "Name rivers <b>please</b>.")
    answer = page.locator("[data-role=assistant]")
    expect(answer.get_by_text("and the Rhine.")).to_be_visible()
    expect(answer.locator("pre")).to_have_text("print('river')")
    expect(answer.locator("summary")).to_have_text("Reasoning")
    expect(answer.get_by_text("11 tokens in, 7 out")).to_be_visible()
    expect(page.locator("[data-role=user]")).to_contain_text("Name rivers <b>please</b>.")
    expect(page.get_by_role("heading", name="Rivers of Europe")).to_be_visible()
    page.get_by_role("button", name="Where does it end?").click()
    expect(answer).to_have_count(2)
    expect(answer.nth(1).get_by_text("and the Rhine.")).to_be_visible()
    asked = chats(vendor)
    assert asked[0]["temperature"] == 0.5
    assert [message["role"] for message in asked[1]["messages"]] == ["user", "assistant", "user"]
    assert asked[1]["messages"][2]["content"] == "Where does it end?"

    page.get_by_role("button", name="Regenerate").click()
    expect(answer).to_have_count(2)
    expect(answer.nth(1).get_by_role("button", name="Regenerate")).to_be_visible()
    assert len(chats(vendor)[2]["messages"]) == 3
    page.get_by_role("button", name="New", exact=True).click()
    expect(page.get_by_role("heading", name="New conversation")).to_be_visible()
    expect(page.locator("[data-role]")).to_have_count(0)


RICH = r"""# Rivers

The **Danube** &amp; the *Rhine*, see `a<b`
and [the source](https://rivers.example/x), not [this](javascript:alert(1)).

| River | Length |
|:--|--:|
| Danube | 2,850 km |

1. first
2. second

- [x] done

<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>

![a map](https://evil.example/pixel.png)

```html
<b>code</b>
```
"""


def test_markdown_is_drawn_and_is_never_html(page: Page, vendor: VendorDouble) -> None:
    vendor.on("POST", "/chat/completions", Vendor().llm_stream(Said(pieces=(RICH[:99], RICH[99:]))))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/console/playground")
    say(page, "Name rivers.")
    answer = page.locator("[data-role=assistant]")
    expect(answer.get_by_role("heading", name="Rivers", exact=True)).to_be_visible()
    expect(answer.get_by_role("cell", name="2,850 km")).to_be_visible()
    expect(answer.get_by_role("listitem")).to_have_text(["first", "second", "☑ done"])
    expect(answer.locator("strong")).to_have_text("Danube")
    expect(answer.locator("p code")).to_have_text("a<b")
    expect(answer).to_contain_text("Danube & the Rhine")
    expect(answer.locator("pre")).to_have_text("<b>code</b>")
    expect(answer).to_contain_text("<script>")
    links = answer.get_by_role("link")
    assert [link.get_attribute("href") for link in links.all()] == [
        "https://rivers.example/x",
        "https://evil.example/pixel.png",
    ]
    expect(links.first).to_have_attribute("rel", "noopener noreferrer")
    expect(answer.locator("img, script")).to_have_count(0)
    assert page.title() != "owned"
    assert not [url for url in asked if "evil" in url]


def test_stop_stops_it_at_the_vendor(page: Page, site: Any, vendor: VendorDouble) -> None:
    stream = Vendor().llm_stream(RIVERS)
    vendor.on("POST", "/chat/completions", stream.but(hang=stream.boundaries[4]))
    page.goto("/console/playground")
    say(page, "Name rivers.")
    expect(page.locator("[data-role=assistant]").get_by_text("The Danube")).to_be_visible()
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text("Stopped.")).to_be_visible()
    site.run(vendor.left())
    vendor.on("POST", "/chat/completions", speaks)
    say(page, "Go on.")
    expect(page.get_by_text("and the Rhine.")).to_be_visible()
    assert [message["role"] for message in chats(vendor)[-1]["messages"]] == ["user", "assistant", "user"]


def test_two_models_answer_beside_each_other(page: Page, vendor: VendorDouble) -> None:
    page.goto("/console/playground")
    say(page, "Name rivers.")
    expect(page.get_by_text("and the Rhine.")).to_be_visible()
    page.get_by_role("button", name="Compare two").click()
    second = page.get_by_role("region", name="Model 2")
    expect(second.get_by_text("and the Rhine.")).to_be_visible()  # it begins with what was said
    second.get_by_label("Model", exact=True).select_option("openai/gpt-4.1-mini")
    say(page, "And in Asia?")
    for name in ("Model 1", "Model 2"):
        expect(page.get_by_role("region", name=name).get_by_text("and the Rhine.")).to_have_count(2)
    assert {body["model"] for body in chats(vendor)[1:]} == {"gpt-4o-mini", "gpt-4.1-mini"}
    assert all(len(body["messages"]) == 3 for body in chats(vendor)[1:])


def test_tools_are_called_and_their_results_go_back(page: Page, vendor: VendorDouble) -> None:
    page.goto("/console/playground")
    page.get_by_label("Tools").fill("[not json")
    say(page, "How is the weather?")
    expect(page.get_by_role("alert")).to_contain_text("The tools are not a JSON list.")
    page.get_by_label("Tools").fill(json.dumps(TOOLS))
    page.get_by_role("button", name="Regenerate").click()
    expect(page.locator(".tool-call")).to_contain_text('"city": "Vienna"')
    page.get_by_label("What the tool answers: weather").fill("Sunny")
    page.get_by_role("button", name="Send results").click()
    expect(page.get_by_text("and the Rhine.")).to_be_visible()
    *_, called, result = chats(vendor)[-1]["messages"]
    assert called["tool_calls"][0]["function"] == {"name": "weather", "arguments": '{"city": "Vienna"}'}
    assert result == {"role": "tool", "tool_call_id": "call_1", "content": "Sunny"}


def test_files_go_to_models_that_can_take_them(page: Page, vendor: VendorDouble) -> None:
    page.goto("/console/playground")
    files: list[FilePayload] = [
        {"name": "pixel.png", "mimeType": "image/png", "buffer": PIXEL},
        {"name": "notes.md", "mimeType": "text/markdown", "buffer": b"# Rivers"},
    ]
    page.locator("[data-files]").set_input_files(files)
    page.get_by_role("region", name="Model 1").get_by_label("Model", exact=True).select_option("local/smollm2")
    say(page, "What is this?")
    expect(page.get_by_text("local/smollm2 cannot take this kind of file (pixel.png).")).to_be_visible()
    expect(page.get_by_label("Message")).to_have_value("What is this?")
    page.get_by_role("region", name="Model 1").get_by_label("Model", exact=True).select_option("openai/gpt-4o-mini")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("and the Rhine.")).to_be_visible()
    expect(page.locator("[data-role=user] img")).to_be_visible()
    text, picture, notes = chats(vendor)[0]["messages"][0]["content"]
    assert text == {"type": "text", "text": "What is this?"}
    assert picture["image_url"]["url"] == "data:image/png;base64," + base64.b64encode(PIXEL).decode()
    assert "# Rivers" in notes["text"]


def test_the_conversation_as_code_is_code_that_runs(page: Page, site: Any) -> None:
    page.goto("/console/playground")
    page.get_by_label("System prompt").fill('Say "yes"\nor no.')
    page.get_by_label("Message").fill("Is it true?")
    page.get_by_role("button", name="View as code").click()
    page.get_by_role("tab", name="Python").click()
    code = page.get_by_role("tabpanel", name="Python").locator("pre").inner_text()
    compile(code, "snippet", "exec")
    assert f'base_url="{site.url}/v1"' in code
    assert json.dumps('Say "yes"\nor no.') in code
    assert "Is it true?" in code
    page.get_by_role("tab", name="curl").click()
    curl = page.get_by_role("tabpanel", name="curl").locator("pre").inner_text()
    found = re.search(r"-d '(.*)'$", curl, re.DOTALL)
    assert found is not None
    assert json.loads(found[1])["model"] == "openai/gpt-4o-mini"


def test_what_goes_wrong_is_said_and_nothing_typed_is_lost(page: Page, site: Any, vendor: VendorDouble, owner: Any) -> None:
    page.goto("/console/playground")
    vendor.on("POST", "/chat/completions", Vendor().error(503, "overloaded"))
    say(page, "Name rivers.")
    expect(page.get_by_role("alert")).to_be_visible()
    vendor.on("POST", "/chat/completions", speaks)

    page.context.set_offline(True)
    page.get_by_role("button", name="Regenerate").click()
    expect(page.get_by_role("alert")).to_contain_text("The host was not reached.")
    page.context.set_offline(False)

    (cookie,) = (one for one in page.context.cookies() if one["name"] == "jackfield_session")
    site.run(site.host.tenancy.people.sign_out(cookie["value"]))
    page.get_by_role("button", name="Regenerate").click()
    dialog = page.get_by_role("dialog", name="Your session has ended")
    dialog.get_by_label("E-mail").fill(owner.email)
    dialog.get_by_label("Password").fill(owner.password)
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog).to_be_hidden()
    expect(page.locator("[data-role=user]")).to_contain_text("Name rivers.")
    page.get_by_role("button", name="Regenerate").click()
    expect(page.get_by_text("and the Rhine.")).to_be_visible()


def test_a_stream_that_breaks_is_told(page: Page, vendor: VendorDouble) -> None:
    stream = Vendor().llm_stream(RIVERS)
    vendor.on("POST", "/chat/completions", stream.but(cut=stream.boundaries[4]))
    page.goto("/console/playground")
    say(page, "Name rivers.")
    expect(page.get_by_role("alert")).to_contain_text("broke")
    expect(page.get_by_text("The Danube")).to_be_visible()


def test_voice_goes_in_and_comes_out(new_page: Callable[..., Page], site: Any, owner: Any) -> None:
    """A sentence by the local voice stands in for somebody at the microphone; the rest is as it is."""
    choices = site.host.tenancy.choices
    site.run(choices.set_default(owner.caller, ModelType.SPEECH_TO_TEXT, "local/whisper"))
    site.run(choices.set_default(owner.caller, ModelType.TEXT_TO_SPEECH, "local/espeak"))

    async def spoken() -> bytes:
        request = SpeechRequest(model="default", text="Please open the window and close the door.", format="wav")
        return b"".join([piece async for piece in (await site.host.calls.speech(owner.caller, request)).audio])

    sound = base64.b64encode(site.run(spoken())).decode()
    page = new_page(owner)
    page.add_init_script(f"""
        let ended;
        window.sentenceIsOver = new Promise((resolve) => (ended = resolve));
        navigator.mediaDevices.getUserMedia = async () => {{
            const context = new AudioContext();
            const bytes = Uint8Array.from(atob("{sound}"), (letter) => letter.charCodeAt(0));
            const source = context.createBufferSource();
            source.buffer = await context.decodeAudioData(bytes.buffer);
            const microphone = context.createMediaStreamDestination();
            source.connect(microphone);
            source.addEventListener("ended", () => ended());
            source.start();
            return microphone.stream;
        }};
        HTMLMediaElement.prototype.play = async function () {{
            document.title = `plays ${{this.src.slice(0, 5)}}`;
        }};
    """)
    page.goto("/console/playground")
    page.get_by_role("button", name="Speak").click()
    expect(page.get_by_role("button", name="Stop recording")).to_be_visible()
    page.evaluate("() => window.sentenceIsOver")
    page.get_by_role("button", name="Stop recording").click()
    heard = re.compile("window|door", re.IGNORECASE)  # a busy machine swallows a word of what it plays
    expect(page.get_by_label("Message")).to_have_value(heard, timeout=30_000)
    page.get_by_role("button", name="Send").click()
    page.get_by_role("button", name="Read aloud").click()
    expect(page).to_have_title("plays blob:")
