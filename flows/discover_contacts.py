"""Websites of leads in, the people who decide there out."""

from core.discovery.runs import DiscoveryReport, DiscoveryRequest
from tasks.discovery import batches
from tasks.discovery import steps as discovery
from tasks.runtime.orchestration import flow


@flow(name="discover-contacts", flow_run_name="{request.label}")
async def discover_contacts(request: DiscoveryRequest = DiscoveryRequest()) -> DiscoveryReport:  # noqa: B008 - frozen
    """Find the people who decide at the leads' companies.

    Started by hand or on a schedule. Reads leads that are due; writes contacts, an outcome with its reason a lead, and
    the pages visited a site. Safe twice and two at once: a site that was visited is fresh, and one that is being
    visited is left alone; a run that was killed goes on where it stopped, with the next. Contacts that are found no
    more are marked, never deleted.
    """
    begun = await discovery.begin(request)
    await batches.visit_sites(begun)
    report = await discovery.finish(begun)
    return await discovery.publish_discovery(report)
