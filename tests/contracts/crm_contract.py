"""What every CRM must hold, whoever stands behind it: drives `core.conformance` for the tests of a provider.

    class TestAcme(CRMContract):
        crm = "acme"
        untried = frozenset({"tells_of_a_merge"})  # Acme has no merges

        @pytest.fixture
        async def case(self, sandbox, guard_of):
            async with AcmeClient(..., guard_of("acme")) as client:
                yield CRMCase(crm=AcmeCRM(client), behind=BehindThePort(heal=..., refuse_key=..., ...))

The properties are shipped with the program, because `sales-agent crm conformance` runs them where there are no tests
(decision 0101).
"""

from collections.abc import AsyncIterator
from typing import ClassVar

import pytest

from core.conformance.crm_case import CRMCase
from core.conformance.crm_properties import CRM_PROPERTIES, CRMProperty, name_of
from core.conformance.expecting import Untried


class CRMContract:
    """Runs a CRM through all properties; a subclass gives the CRM's name and the fixture `case`."""

    crm: ClassVar[str]
    """Its name in `crm.yaml`; a test looks whether every CRM that a plug offers has a subclass."""
    untried: ClassVar[frozenset[str]] = frozenset()
    """The properties that cannot be tried of it; any other must be."""

    @pytest.fixture
    async def begun(self, case: CRMCase) -> AsyncIterator[CRMCase]:
        """Return the case, ready; at the end everything that was made can be deleted."""
        await case.begin()
        yield case
        assert await case.tidy() == []

    @pytest.mark.parametrize("holds", CRM_PROPERTIES, ids=name_of)
    async def test_holds(self, holds: CRMProperty, begun: CRMCase) -> None:
        """Check one property."""
        assert begun.crm.name == self.crm
        if name_of(holds) not in self.untried:
            await holds(begun)
            return
        with pytest.raises(Untried):
            await holds(begun)
