"""What the tests of assessing leads with a model share: settings for the sandbox, and a run over stored leads."""

import zlib
from pathlib import Path
from uuid import UUID

import psycopg
from pydantic import SecretStr

from core.batches import Selection
from core.qualification.icp import Profile
from core.qualification.icp_columns import in_leads
from core.qualification.runs import ModelState, QualificationPlan
from core.settings.settings import RedisSettings, Settings
from db.qualification import assessments
from db.server import embedded
from db.server.engine import own_connection
from integrations.cerebras.plug import CerebrasSettings
from integrations.plugs import BudgetSettings, ModelSettings
from tasks.qualification.assessing import assess
from tasks.qualification.model_assessment import open_assessor

MODEL = "cerebras:gpt-oss-120b"
AMPLE = {"tokens_per_minute": None, "requests_per_day": None, "requests_per_minute": None}
"""Limits of the sandbox's Cerebras that nobody meets."""


def redis_of(url: str) -> str:
    """Give a database of the private Valkey to a test: breakers and limits are its own. Few share one, by chance."""
    settings = Settings()
    address = embedded.redis_url(settings)
    return f"{address}{'&' if '?' in address else '?'}db={1 + zlib.crc32(url.encode()) % 15}"


def environment_of(url: str, home: Path, sandbox: dict[str, str]) -> dict[str, str]:
    """Give the environment of a process that assesses with the sandbox's Cerebras."""
    return {
        "POSTGRES_URL": url,
        "REDIS_URL": redis_of(url),
        "SALES_AGENT_HOME": str(home),
        "CEREBRAS_BASE_URL": sandbox["CEREBRAS_BASE_URL"],
        "CEREBRAS_API_KEY": sandbox["CEREBRAS_API_KEY"],
        "CEREBRAS_RATE_LIMITS": "requests-day=1000000/86400",
        "MODELS_DEFAULT": MODEL,
        "BUDGET_RUN_USD": "",
        "BUDGET_DAY_USD": "",
        "BUDGET_MONTH_USD": "",
    }


def settings_of(url: str, sandbox: dict[str, str], **changes: object) -> Settings:
    """Give settings under which Cerebras is the sandbox's."""
    chosen = Settings()
    chosen.redis = RedisSettings(url=SecretStr(redis_of(url)))
    chosen.use(ModelSettings(default=MODEL))
    given: dict[str, object] = {
        "api_key": SecretStr(sandbox["CEREBRAS_API_KEY"]),
        "base_url": sandbox["CEREBRAS_BASE_URL"],
        "rate_limits": "requests-day=1000000/86400",
    }
    chosen.use(CerebrasSettings.model_validate(given | changes))
    chosen.use(BudgetSettings(run_usd=None, day_usd=None, month_usd=None))
    return chosen


async def qualify(
    url: str, profile: Profile, chosen: Settings, selection: Selection = "due", *, batch_leads: int = 100
) -> QualificationPlan:
    """Assess the stored leads that are due, in this process."""
    async with own_connection(url) as connection:
        sources = in_leads(profile.columns, await assessments.mappings_of_imports(connection))
        plan = await assessments.begin(
            connection, profile, sources, selection, batch_leads=batch_leads, model=ModelState((MODEL,))
        )
        for batch in plan.batches:
            async with (
                assessments.leased(url, plan, batch) as lease,
                open_assessor(plan, of=chosen, database=url) as by_model,
            ):
                await assess(lease, plan, by_model=by_model)
    return plan


def rows_of(url: str, statement: str, *arguments: object) -> list[tuple[object, ...]]:
    """Execute SQL of a test's own."""
    with psycopg.connect(url) as connection:
        cursor = connection.execute(statement, arguments)  # type: ignore[arg-type]
        return cursor.fetchall() if cursor.description else []


def spent_in(url: str, run_id: UUID | None = None) -> object:
    """Add up what the cost book says, in US dollars."""
    only = "" if run_id is None else f"WHERE run_id = '{run_id}'"
    return rows_of(url, f"SELECT coalesce(sum(usd), 0) FROM spend {only}")[0][0]
