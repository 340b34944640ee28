"""The forms that ask for a file offer those that are there, and take any other."""

import os
from pathlib import Path

import jsonschema
import pytest
from prefect.utilities.callables import parameter_schema

from app.upload_forms import files_in, offer
from flows.import_leads import import_leads
from flows.qualify_leads import qualify_leads
from flows.run_pipeline import run_pipeline


def test_files_are_offered_the_newest_first(tmp_path: Path) -> None:
    for age, name in enumerate(["new.csv", "old.csv", ".hidden", "half.part"]):
        (tmp_path / name).write_text("a\n")
        os.utime(tmp_path / name, (1_000_000 - age, 1_000_000 - age))
    assert files_in(tmp_path) == ["new.csv", "old.csv"]
    assert files_in(tmp_path / "nowhere") == []


@pytest.mark.parametrize("flow", [import_leads, run_pipeline])
def test_a_file_of_the_list_and_any_other_may_be_named(flow) -> None:
    schema = parameter_schema(flow.fn).model_dump()
    assert offer(schema, ["leads.csv"])
    assert offer(schema, ["leads.csv", "fair.csv"])
    form = next(form for form in schema["definitions"].values() if "mapping" in form.get("properties", ()))
    chosen, _typed = form["properties"]["path"]["anyOf"]
    assert chosen["enum"] == ["leads.csv", "fair.csv"]
    for name in ("fair.csv", "just-came.csv"):
        jsonschema.validate({"request": {"path": name}}, schema)


def test_a_form_without_a_file_is_left_alone() -> None:
    schema = parameter_schema(qualify_leads.fn).model_dump()
    before = repr(schema)
    assert not offer(schema, ["leads.csv"])
    assert repr(schema) == before
