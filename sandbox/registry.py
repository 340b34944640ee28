"""Every provider the sandbox stands in for: whatever is a `Provider` with a name, in any module of this package."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages

import sandbox
from sandbox.cast import COMPANIES
from sandbox.provider import Provider, World
from sandbox.websites.site import Site


def every_provider(world: World) -> list[Provider]:
    """Make one of each, sorted by name, the made-up companies' websites last; the order of their ports."""
    services = sorted((kind(world) for kind in _services()), key=lambda service: service.name)
    return [*services, *(Site(world, company) for company in COMPANIES)]


def _services() -> Iterator[type[Provider]]:
    """Find the classes that say their provider's name; a website has its company's."""
    for found in walk_packages(sandbox.__path__, "sandbox."):
        if found.name.endswith("__main__"):
            continue
        for kind in vars(import_module(found.name)).values():
            if isinstance(kind, type) and issubclass(kind, Provider) and _is_at_home(kind, found.name):
                yield kind


def _is_at_home(kind: type[Provider], module: str) -> bool:
    return kind.__module__ == module and "name" in vars(kind)
