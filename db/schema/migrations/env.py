"""Alembic's environment: runs migrations on the connection that `db.schema.upgrade.upgrade` hands over."""

from alembic import context

import db.schema.agent_tables
import db.schema.approval_tables
import db.schema.campaign_tables
import db.schema.contacts_tables
import db.schema.crm_tables
import db.schema.enrichment_tables
import db.schema.executions_tables
import db.schema.sending_tables
import db.schema.spend_tables  # noqa: F401 - their tables join the metadata
from db.schema.tables import TableBase

context.configure(connection=context.config.attributes["connection"], target_metadata=TableBase.metadata)
with context.begin_transaction():
    context.run_migrations()
