"""The retrieval bench, with the local models: passages found by embedding, then put in order."""

from __future__ import annotations

from playwright.sync_api import FilePayload, Page, expect

TEXT = "Cats sleep most of the day.\n\nThe Danube flows through Vienna and ends in the Black Sea.\n\nBread is made of flour."


def test_passages_are_ranked_before_and_after_rerank(page: Page) -> None:
    page.goto("/console/retrieval")
    page.get_by_label("Text", exact=True).fill(TEXT)
    notes: FilePayload = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"Rivers carry water to the sea."}
    page.locator("[data-files]").set_input_files([notes])
    page.get_by_label("Question").fill("Which river flows through Vienna?")
    page.get_by_role("button", name="Search").click()
    for name in ("By embedding", "After rerank"):
        ranking = page.get_by_role("region", name=name).get_by_role("listitem")
        expect(ranking).to_have_count(4)
        expect(ranking.first).to_contain_text("The Danube flows through Vienna")
    expect(page.get_by_role("status").filter(has_text="4 passages")).to_be_visible()


def test_a_model_that_fails_is_told(page: Page) -> None:
    page.goto("/console/retrieval")
    page.get_by_label("Text", exact=True).fill(TEXT)
    page.get_by_label("Question").fill("Which river?")
    page.context.set_offline(True)
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("The host was not reached.")).to_be_visible()
    page.context.set_offline(False)
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("region", name="After rerank").get_by_role("listitem")).to_have_count(3)
