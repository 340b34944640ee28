"""`sales-agent agent`: run the agents, list their threads, look at one, stop one."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID, uuid4

import typer

from app import terminal
from app.commands.options import AsJson

if TYPE_CHECKING:
    from core.conversation.runs import TalkReport, TalkRequest
    from core.outreach.campaigns import CampaignRequest

app = typer.Typer(help="Agents: run one, list threads, look at one, stop one.", no_args_is_help=True)
run = typer.Typer(help="Run an agent to its next stop.", no_args_is_help=True)
app.add_typer(run, name="run")

Industry = Annotated[str | None, typer.Option(help="Leads whose industry contains this.")]
Country = Annotated[str | None, typer.Option(help="Leads in this country: a code, a name, or a group as DACH.")]
TierOption = Annotated[list[str] | None, typer.Option(help="Only leads of this tier; may be repeated.")]
Rules = Annotated[bool, typer.Option("--rules", help="Ask no model, even where one is configured.")]
Stream = Annotated[bool, typer.Option("--stream", help="Show tokens and states as they come, on standard error.")]
Thread = Annotated[UUID | None, typer.Option(help="Go on with this thread.")]


@run.command("growth")
def run_growth(
    industry: Industry = None,
    country: Country = None,
    tier: TierOption = None,
    page: Annotated[list[str] | None, typer.Option(help="Address of a page to read; may be repeated.")] = None,
    question: Annotated[str | None, typer.Option(help="What the report is to answer.")] = None,
    bar: Annotated[float, typer.Option(min=0, max=1, help="Confidence at which the research ends.")] = 0.6,
    rounds: Annotated[int, typer.Option(min=1, max=20, help="Rounds at most.")] = 4,
    pages_a_round: Annotated[int, typer.Option(min=1, max=20, help="Pages read in a round.")] = 3,
    rules: Rules = False,
    stream: Stream = False,
    thread: Thread = None,
    as_json: AsJson = False,
) -> None:
    """Research the market that a segment of the leads is: their statistics, and the pages named here.

    Exit code: 0 findings, 3 not enough evidence, 1 stopped by a limit.
    """
    terminal.prepare_prefect()
    from core.outreach.markets import MarketRequest, Segment
    from flows.research_market import research_market

    request = MarketRequest(
        segment=Segment(industry=industry, country=country, tiers=tier or []),
        pages=page or [],
        **({"question": question} if question else {}),
        bar=bar,
        rounds=rounds,
        pages_a_round=pages_a_round,
        use_model=not rules,
        stream=stream,
        thread_id=thread or uuid4(),
    )
    report = _run(lambda: research_market(request), request.thread_id, stream=stream, quiet=as_json)
    facts = report.to_json()
    if as_json:
        terminal.print_json(facts)
    else:
        findings = facts.pop("findings")
        terminal.print_facts(_told(facts))
        if findings:
            terminal.print_table([{name: one[name] for name in ("claim", "confidence", "source")} for one in findings])
    _exit(report.status, {"not_enough_evidence": 3, "stopped": 1})


@run.command("marketing")
def run_marketing(
    request: Annotated[
        Path, typer.Argument(help="YAML file: offer, sender, segment, personas, tones; see docs/agents.md")
    ],
    rules: Rules = False,
    stream: Stream = False,
    thread: Thread = None,
    as_json: AsJson = False,
) -> None:
    """Write a campaign: messages for a segment, or leads or contacts, as drafts that wait for approval. Sends nothing.

    Exit code: 0 messages were drafted, 3 there is nobody to write to, 1 stopped by a limit.
    """
    terminal.prepare_prefect()
    from flows.write_campaign import write_campaign

    asked = _campaign(request)
    update = {"use_model": asked.use_model and not rules, "stream": stream, "thread_id": thread or uuid4()}
    asked = asked.model_copy(update=update)
    report = _run(lambda: write_campaign(asked), asked.thread_id, stream=stream, quiet=as_json)
    facts = report.to_json()
    if as_json:
        terminal.print_json(facts)
    else:
        variants = facts.pop("variants")
        terminal.print_facts(_told(facts))
        for variant in variants:
            terminal.echo(f"\n{variant['persona']}, {variant['tone']}, by {variant['by']}: {variant['subject']}\n")
            terminal.echo(variant["body"])
    _exit(report.status, {"nobody": 3, "stopped": 1})


@app.command()
def talk(
    lead: Annotated[
        UUID | None, typer.Option(help="The lead to talk with, by its best contact; begins a conversation.")
    ] = None,
    contact: Annotated[UUID | None, typer.Option(help="The contact to talk with; begins a conversation.")] = None,
    thread: Annotated[UUID | None, typer.Option(help="Go on with this conversation.")] = None,
    text: Annotated[str | None, typer.Option(help="What the prospect says. Left out: asked for, line by line.")] = None,
    audio: Annotated[Path | None, typer.Option(help="File with what the prospect says, such as WAV.")] = None,
    save_audio: Annotated[Path | None, typer.Option(help="Write the spoken answer to this WAV file.")] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Talk freely: raw 16 kHz 16-bit sound on standard input and output.")
    ] = False,
    playbook: Annotated[Path | None, typer.Option(help="YAML file of what may be said.")] = None,
    rules: Rules = False,
    stream: Stream = False,
    as_json: AsJson = False,
) -> None:
    """Talk with a lead's contact: a turn in text or audio, turn by turn, or live. Says only what the playbook says.

    Exit code: 0 answered, 3 the conversation has ended, 1 stopped by a limit.
    """
    terminal.prepare_prefect()
    from core.conversation.runs import TalkRequest

    if lead is None and contact is None and thread is None:
        raise typer.BadParameter("name a lead (--lead), a contact (--contact) or a conversation (--thread)")
    if text is not None and audio is not None:
        raise typer.BadParameter("a turn is --text or --audio, not both")
    if live and (text is not None or audio is not None or save_audio is not None or stream or as_json):
        raise typer.BadParameter("--live goes with none of --text, --audio, --save-audio, --stream and --json")
    request = TalkRequest(
        lead_id=lead,
        contact_id=contact,
        thread_id=thread or uuid4(),
        text=text,
        audio=None if audio is None else str(audio.expanduser().resolve()),
        turn_id=str(uuid4()),
        save_audio=None if save_audio is None else str(save_audio.expanduser().resolve()),
        playbook=None if playbook is None else str(playbook.expanduser().resolve()),
        use_model=not rules,
        stream=stream,
        live=live,
    )
    if text is None and audio is None:
        asyncio.run(_live(request) if live else _interactive(request, as_json=as_json))
        return
    from flows.hold_conversation import hold_conversation

    report = _run(lambda: hold_conversation(request), request.thread_id, stream=stream, quiet=as_json)
    _tell(report, as_json=as_json)
    _exit(report.status, {"ended": 3, "stopped": 1})


async def _interactive(request: "TalkRequest", *, as_json: bool) -> None:
    """Hold a conversation in this process, a line a turn, until it ends or no more lines come."""
    from tasks.conversation.live import conversing
    from tasks.conversation.steps import plan_turn

    if not as_json:
        terminal.say(f"Thread {request.thread_id}. A line is a turn; an empty one or Ctrl-D leaves.")
    async with conversing(await plan_turn(request)) as live:
        report = await live.take(None)
        while True:
            _tell(report, as_json=as_json)
            if report.status != "waiting" or not (line := await asyncio.to_thread(_line_of_prospect)):
                return

            def turn(said: str = line) -> Awaitable["TalkReport"]:
                return live.say(said)

            report = await (_streamed(turn, str(request.thread_id)) if request.stream else turn())


async def _live(request: "TalkRequest") -> None:
    """Hold a conversation over a recorder and a player; a prospect who speaks up silences the answer."""
    from app.live_audio import Playback, recorded
    from core.conversation.speech import SAMPLE_RATE
    from tasks.conversation.live import conversing
    from tasks.conversation.steps import plan_turn

    playback = Playback(sys.stdout.buffer, SAMPLE_RATE)

    async def talking() -> None:
        async with conversing(await plan_turn(request), sink=playback.write, finds_turns=True) as conversation:
            terminal.say(f"Thread {request.thread_id}. Listening until the sound ends.")
            await conversation.hold(recorded(sys.stdin.buffer, SAMPLE_RATE), hush=playback.hush, tell=_say)
            await playback.finished()

    both = [asyncio.create_task(talking()), asyncio.create_task(playback.play())]
    done, others = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    try:
        for task in done:
            task.result()
    except BrokenPipeError:
        terminal.say("The player has gone; the conversation can be gone on with.")
        raise typer.Exit(1) from None


def _say(report: "TalkReport") -> None:
    """Show a turn on standard error, where standard output is sound."""
    if report.heard is not None:
        terminal.say(f"> {report.heard}")
        timing = "" if report.first_audio_ms is None else f", first sound after {report.first_audio_ms:.0f} ms"
        cut = ", interrupted" if report.was_interrupted else ""
        terminal.say(f"[{report.intent}, by {report.by}{timing}{cut}]")
    terminal.say(report.reply or report.reason or "")


def _line_of_prospect() -> str:
    try:
        return input().strip()
    except EOFError:
        return ""


def _tell(report: "TalkReport", *, as_json: bool) -> None:
    facts = report.to_json()
    if as_json:
        terminal.print_json(facts)
        return
    if facts["heard"] is not None:
        shown = ("intent", "by", "topics", "answered_by", "refused", "opted_out", "fault", "first_audio_ms", "audio")
        told = {name.replace("_", " "): facts[name] for name in shown if facts[name] not in (None, [], 0)}
        terminal.say("; ".join(f"{name}: {value}" for name, value in told.items()))
    terminal.echo(facts["reply"] or facts["reason"] or "")
    if report.status == "ended":
        terminal.say("The conversation has ended.")


def _campaign(path: Path) -> "CampaignRequest":
    import yaml
    from pydantic import ValidationError

    from core.errors import InvalidFile
    from core.outreach.campaigns import CampaignRequest

    try:
        return CampaignRequest.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise InvalidFile(f"cannot be read: {error.strerror}", path=str(path)) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidFile("is no YAML", path=str(path)) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise InvalidFile(f"{place}: {first['msg']}", path=str(path)) from error


def _told(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name.replace("_", " "): value for name, value in facts.items() if value not in (None, [], {})}


def _exit(status: str, codes: Mapping[str, int]) -> None:
    if status in codes:
        raise typer.Exit(codes[status])


def _run(start: Callable[[], Any], thread_id: UUID | None, *, stream: bool, quiet: bool) -> Any:
    from tasks.runtime.orchestration import server_url

    if not quiet:
        where = server_url()
        terminal.say(f"Recorded as a Prefect run at {where}." if where else "No Prefect server: running without it.")
        terminal.say(f"Thread {thread_id}")
    return asyncio.run(_streamed(start, str(thread_id)) if stream else start())


async def _streamed(start: Callable[[], Awaitable[Any]], stream_id: str) -> Any:
    """Run something and show what it says meanwhile."""
    from core.settings.settings import settings
    from db.server.embedded import redis_url
    from db.server.progress import listening

    async with listening(redis_url(settings()), stream_id) as messages:

        async def show() -> None:
            async for message in messages:
                terminal.say(_line(message))

        showing = asyncio.create_task(show())
        try:
            return await start()
        finally:
            # What was said last may still be on its way.
            await asyncio.wait([showing], timeout=1.0)
            showing.cancel()


def _line(message: Mapping[str, Any]) -> str:
    facts = message["metadata"]
    place = f"[{message['type']}{' ' + facts['node'] if facts['node'] else ''}, {facts['tokens_used']} tokens]"
    content = message["content"]
    if message["type"] == "state_update" and isinstance(content, dict):
        content = ", ".join(f"{name}: {_brief(value)}" for name, value in content.items())
    return f"{place} {content}"


def _brief(value: Any) -> str:
    return f"{len(value)}" if isinstance(value, list | dict) else str(value)[:200]


@app.command("list")
def list_(
    agent: Annotated[str | None, typer.Option(help="Only this agent's.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Threads at most.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List threads, the last changed first."""
    from tasks.agents.threads import recent

    rows = [_row(thread) for thread in asyncio.run(recent(agent, limit))]
    if as_json:
        terminal.print_json(rows)
    elif rows:
        terminal.print_table([{name: row[name] for name in row if name != "request"} for row in rows])
    else:
        terminal.echo("no threads")


def _row(thread: Any) -> dict[str, Any]:
    return {
        "thread": str(thread.thread_id),
        "agent": thread.agent,
        "status": thread.status,
        "reason": thread.reason,
        "started_at": thread.started_at.isoformat(timespec="seconds"),
        "changed_at": thread.changed_at.isoformat(timespec="seconds"),
        "request": dict(thread.request),
    }


@app.command()
def state(
    thread: Annotated[UUID, typer.Argument(help="Id of a thread, as `agent list` shows it.")],
    as_json: AsJson = False,
) -> None:
    """Show how far a thread is: its status, what it was asked for, what it knows."""
    from tasks.agents.threads import look

    known, values = asyncio.run(look(thread))
    if as_json:
        terminal.print_json({**_row(known), "state": values})
        return
    terminal.print_facts(_told(_row(known)))
    terminal.echo("")
    terminal.print_facts({name: _brief(value) for name, value in values.items()})


@app.command()
def cancel(thread: Annotated[UUID, typer.Argument(help="Id of a running thread.")]) -> None:
    """Ask a running thread to stop after the step it is at. Running it again goes on from there."""
    from tasks.agents.threads import cancel_thread

    if not asyncio.run(cancel_thread(thread)):
        terminal.say(f"thread {thread} is not running")
        raise typer.Exit(1)
    terminal.echo(f"thread {thread} stops after the step it is at")
