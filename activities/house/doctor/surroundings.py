"""What the doctor looks at outside this process: database, Temporal, the running API, the mail relay, the identity provider, the clock."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import aiosmtplib
import httpx
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.access.single_sign_on.provider import BACK, IdentityProvider, MissingExtraError, ProviderAwayError
from activities.database.migrate import Fit, fit_of
from activities.database.session import open_database
from activities.database.tables import incidents
from activities.deployments import is_alive, routing
from activities.house.doctor.findings import Finding, fail, ok, warn
from activities.mail.relay import line_to
from activities.settings import Settings, is_on_this_machine, is_this_machine, names_a_temporal_server
from activities.temporal_connection import connect, connection_options
from activities.temporal_trouble import trouble_of

_PATIENCE = 5.0  # seconds
_CLOCK_MAY_DIFFER = timedelta(seconds=2)


async def look_at_database(settings: Settings) -> Sequence[Finding]:
    """Reachable, and of this version."""
    engine = open_database(settings.database_url)
    kind = engine.dialect.name
    try:
        fit = await fit_of(engine)
    except (SQLAlchemyError, OSError):
        return [fail("database", f"the {kind} database does not answer", "start it, or correct HOLDFAST_DATABASE_URL")]
    finally:
        await engine.dispose()
    if fit is Fit.BEHIND:
        return [fail("database", f"the {kind} database is not of this version", "run: holdfast migrate")]
    return [
        ok("database", f"{kind}, {'up to date' if fit is Fit.LEVEL else 'migrated by a newer build, and this one can be served beside it'}")
    ]


async def look_at_temporal(settings: Settings) -> Sequence[Finding]:
    """Reachable, with our namespace, and with a worker that serves our task queue."""
    address = connection_options(settings)["target_host"]
    try:
        client = await connect(settings)
    except (RuntimeError, OSError, ValueError) as error:
        trouble = trouble_of(error)
        advice = trouble.advice if names_a_temporal_server() else "run: holdfast up"
        return [fail("temporal", f"{address}: {trouble.told}", advice)]
    return [await _namespace(client), await _pollers(client, settings)]


async def _namespace(client: Client) -> Finding:
    try:
        answer = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    except RPCError as error:
        trouble = trouble_of(error)
        missing = error.status is RPCStatusCode.NOT_FOUND
        advice = f"temporal operator namespace create -n {client.namespace} --retention 30d" if missing else trouble.advice
        return fail("temporal", f"namespace {client.namespace}: {'it does not exist' if missing else trouble.told}", advice)
    days = answer.config.workflow_execution_retention_ttl.ToTimedelta() / timedelta(days=1)
    return ok("temporal", f"namespace {client.namespace}, closed histories are kept {days:g} days")


async def _pollers(client: Client, settings: Settings) -> Finding:
    queue = settings.task_queue
    request = DescribeTaskQueueRequest(
        namespace=client.namespace, task_queue=TaskQueue(name=queue), task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW
    )
    try:
        pollers = (await client.workflow_service.describe_task_queue(request)).pollers
    except RPCError as error:
        trouble = trouble_of(error)
        return fail("worker", f"the task queue cannot be read: {trouble.told}", trouble.advice)
    now = datetime.now(UTC)
    alive = [each for each in pollers if is_alive(each, now)]
    if not alive:
        return fail("worker", f"none serves the task queue {queue}", "start one: holdfast worker, or holdfast up")
    builds = {each.deployment_options.build_id for each in alive}
    if "" not in builds and ((known := await routing(client, settings.deployment)) is None or known.current is None):
        return fail("worker", "no build is current, so none gets work", f"run: holdfast deploy promote {min(builds)}")
    return ok("worker", f"{len({each.identity for each in alive})} serving the task queue {queue}")


async def look_at_api(settings: Settings) -> Sequence[Finding]:
    """Answers, and can do its work."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.listen_host, settings.listen_host)  # noqa: S104 -- compared, not bound
    address = f"http://{host}:{settings.listen_port}/readyz"
    try:
        async with httpx.AsyncClient(timeout=5, trust_env=False) as browser:
            answer = await browser.get(address)
        problems = answer.json().get("problems", [])
    except (httpx.HTTPError, ValueError):
        return [fail("api", f"nothing answers at {address}", "start it: holdfast api, or holdfast up")]
    if answer.status_code != httpx.codes.OK:
        return [fail("api", str(problem), "see the other lines; the API recovers by itself") for problem in problems or ["not ready"]]
    return [ok("api", f"ready at {address.removesuffix('/readyz')}")]


async def look_at_relay(settings: Settings) -> Sequence[Finding]:
    """Takes our connection and our password; no letter is sent."""
    if settings.smtp_host is None:
        return [ok("mail relay", "none; letters are kept and shown on the Outbox page")]
    where = f"{settings.smtp_host}:{settings.smtp_port}"
    try:
        async with line_to(settings, _PATIENCE) as line:
            await line.noop()
    except aiosmtplib.SMTPAuthenticationError:
        return [fail("mail relay", f"{where} refuses the password", "correct HOLDFAST_SMTP_USER and HOLDFAST_SMTP_PASSWORD")]
    except (aiosmtplib.SMTPException, OSError) as error:
        return [
            fail("mail relay", f"{where}: {type(error).__name__}", "check HOLDFAST_SMTP_HOST, _PORT and _SECURITY; letters wait until then")
        ]
    if settings.smtp_security == "none" and not is_this_machine(settings.smtp_host):
        return [warn("mail relay", f"{where} is reached unprotected", "set HOLDFAST_SMTP_SECURITY to starttls or tls")]
    return [ok("mail relay", f"{where} takes letters")]


async def look_at_provider(settings: Settings) -> Sequence[Finding]:
    """Answers as an identity provider, and has keys with which it signs; nobody is signed in."""
    if settings.oidc_issuer is None:
        return [ok("identity provider", "none; people sign in with passwords and links")]
    try:
        provider = IdentityProvider(settings)
        addresses, keys = await provider.addresses(), await provider.keys()
    except MissingExtraError as error:
        return [fail("identity provider", "the packages that speak with it are missing", str(error).partition("; ")[2])]
    except ProviderAwayError as error:
        return [fail("identity provider", f"{settings.oidc_issuer}: {error}", "check HOLDFAST_OIDC_ISSUER, and the way there")]
    if not keys.keys:
        return [fail("identity provider", "it publishes no key for RS256 or ES256", "let it sign ID tokens with one of these")]
    if not settings.base_url.startswith("https:") and not is_on_this_machine(settings.base_url):
        return [warn("identity provider", "it will send people back to an http address", "set HOLDFAST_BASE_URL to an https address")]
    return [
        ok("identity provider", f"{len(keys.keys)} key(s); people come back to {settings.base_url}{BACK}, from {addresses.authorization}")
    ]


async def look_at_clock(settings: Settings) -> Sequence[Finding]:
    """Agrees with the database's clock, and has not been set back since the last incident."""
    engine = open_database(settings.database_url)
    try:
        async with engine.connect() as connection:
            apart = await _difference(connection)
            latest = (await connection.execute(select(func.max(incidents.c.changed_at)))).scalar_one()
    except (SQLAlchemyError, OSError):
        return [warn("clock", "not compared, the database cannot be asked", "see the database's line")]
    finally:
        await engine.dispose()
    if apart > _CLOCK_MAY_DIFFER:
        return [fail("clock", f"{apart.total_seconds():.0f} s apart from the database's", "let NTP set the clocks of both machines")]
    if latest is not None and latest > datetime.now(UTC) + _CLOCK_MAY_DIFFER:
        return [
            fail("clock", f"the newest change in the record lies in the future ({latest:%Y-%m-%d %H:%M:%S} UTC)", "let NTP set the clock")
        ]
    return [ok("clock", f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")]


async def _difference(connection: AsyncConnection) -> timedelta:
    if connection.dialect.name == "sqlite":  # the same machine's clock
        return timedelta()
    theirs: datetime = (await connection.execute(select(func.clock_timestamp()))).scalar_one()
    return abs(datetime.now(UTC) - theirs)
