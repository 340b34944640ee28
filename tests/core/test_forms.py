"""Forms show their fields in the order they are written in."""

import importlib
import inspect
import pkgutil
from typing import get_type_hints

import flows
from core.forms import Form
from core.outreach.decisions import DecisionRequest


def test_fields_are_numbered_as_they_are_written() -> None:
    properties = DecisionRequest.model_json_schema()["properties"]
    places = {name: field["position"] for name, field in properties.items()}
    assert list(places) == list(DecisionRequest.model_fields)
    assert list(places.values()) == list(range(len(places)))


def test_every_flow_that_asks_for_something_asks_by_a_form() -> None:
    asked = {}
    for module in pkgutil.iter_modules(flows.__path__):
        flow = getattr(importlib.import_module(f"flows.{module.name}"), module.name).fn
        for name, kind in get_type_hints(flow).items():
            if name == "request" and inspect.isclass(kind):
                asked[module.name] = kind
    assert len(asked) >= 10
    assert [name for name, kind in asked.items() if not issubclass(kind, Form)] == []
