"""Errors cross process borders whole, and name their place."""

import inspect
import pickle

import pytest

from core import errors

ALL = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.SalesAgentError)]


def make(kind: type[errors.SalesAgentError]) -> errors.SalesAgentError:
    if issubclass(kind, errors.ProviderError):
        return kind("no answer", provider="close", status=500, request_id="r1", retry_after_s=3.0)
    if issubclass(kind, errors.InvalidFile):
        return kind("a quote never closes", path="leads.csv", line=7)
    if issubclass(kind, errors.InvalidConfig):
        return kind([errors.ConfigProblem(3, "criteria[0].weight", "is missing")], path="icp.yaml")
    return kind("what went wrong", place="here")


@pytest.mark.parametrize("kind", ALL)
def test_pickling_keeps_kind_message_and_attributes(kind: type[errors.SalesAgentError]) -> None:
    error = make(kind)
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    assert errors.__doc__ is not None
    assert [kind.__name__ for kind in ALL if kind.__name__ not in errors.__doc__] == []


def test_a_file_error_names_file_and_line() -> None:
    assert str(errors.InvalidFile("a quote never closes", path="leads.csv", line=7)) == (
        "leads.csv, line 7: a quote never closes"
    )
