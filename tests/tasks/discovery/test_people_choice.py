"""A model matches names and titles of a page in doubt, over the wire; each question is recorded."""

import json
from functools import partial

import pytest
from hostile_site import website

from agents.models import Job
from agents.people import choose_people
from integrations.websites.fetcher import WebsiteFetcher
from integrations.websites.pages import FetchLimits
from tasks.discovery.people_choice import Asked, ChoosingModel
from tasks.discovery.visits import discover_site
from tests.agents.test_models import CEREBRAS, completion, models_of, providers
from tests.integrations.conftest import Reply, book, guard_of, server, store, valkey

__all__ = ["book", "guard_of", "models_of", "providers", "server", "store", "valkey"]

ABOUT = (
    "<title>Acme Looms</title><h1>About us</h1>"
    "<p>In 2021 the duties of Chief Executive Officer passed from Harold Fenwick to Orla Fenwick, his niece.</p>"
)
HOME = "<title>Acme Looms</title><nav><a href='/about'>About us</a></nav><h1>Looms</h1>"


async def look(models, content):
    async with (
        models.chat_model(Job.QUALIFICATION) as model,
        website({"/": HOME, "/about": ABOUT}) as site,
        WebsiteFetcher(FetchLimits(delay_s=0.0, allow_private=True)) as fetcher,
    ):
        asked = Asked(ChoosingModel(partial(choose_people, model=model), CEREBRAS, None))
        return await discover_site(site.url, fetcher, choose=asked.choose), asked.executions


@pytest.mark.parametrize(
    ("answer", "found", "status"),
    [
        ({"pairs": [{"name": "n2", "title": "t1"}]}, [("Orla Fenwick", "CEO")], "answered"),
        ({"pairs": [{"name": "Rex Pretender", "title": "CEO"}]}, [], "answered"),
        ({"pairs": []}, [], "answered"),
        ({"people": "Rex Pretender is the CEO"}, [], "malformed"),
    ],
    ids=["chosen", "made up", "none", "malformed"],
)
async def test_the_model_chooses_among_what_the_page_says(models_of, providers, answer, found, status):
    providers.answers = {"cerebras": [Reply(body=completion(content=json.dumps(answer))) for _ in range(2)]}
    report, executions = await look(models_of(CEREBRAS), answer)
    assert [(person.name, person.role) for person in report.people] == found
    assert all(person.confidence < 0.8 for person in report.people)
    assert {one.status for one in executions} == {status}
    assert {one.job for one in executions} == {"discovery"}
    (_, asked) = providers.asked[0]
    assert "n2: Orla Fenwick" in json.dumps(asked)
