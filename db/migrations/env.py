"""Alembic's environment: runs migrations on the connection that `db.schema.upgrade` hands over."""

from alembic import context

import db.agent_tables
import db.approval_tables
import db.campaign_tables
import db.contacts_tables
import db.crm_tables
import db.enrichment_tables
import db.executions_tables
import db.sending_tables
import db.spend_tables  # noqa: F401 - their tables join the metadata
from db.tables import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
