"""What the bridge costs: a graph of trivial nodes bare, with the checkpointer, and as Prefect task runs.

    python -m bench.bench_graphs [--nodes 20] [--rounds 9]

Against a `sales-agent up` of its own: a real PostgreSQL, a real Prefect server. The ways take turns within one process,
the first round is warming up. Milliseconds a node, by the wall and of this process's own CPU.
"""

import argparse
import asyncio
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypedDict

from core.settings.prefect_server import LOGIN_FILE

OUT = Path(__file__).parent / "bench_graphs.json"
Way = Callable[[], Awaitable[Any]]


class Count(TypedDict):
    """The state: how many nodes have run."""

    count: int


def chain(nodes: int) -> Any:
    """Return a graph of nodes in a row that each add one."""
    from langgraph.graph import START, StateGraph

    async def add_one(state: Count) -> Count:
        return {"count": state["count"] + 1}

    graph = StateGraph(Count)
    names = [f"node{number}" for number in range(nodes)]
    for name, before in zip(names, [START, *names], strict=False):
        graph.add_node(name, add_one)
        graph.add_edge(before, name)
    return graph.compile(name="bench")


async def measure(database: str, nodes: int, rounds: int) -> dict[str, dict[str, float]]:
    """Return figures by the way of running."""
    from prefect import flow

    from agents.checkpoints import open_saver
    from db.server.keeping import until_stored
    from langgraph_prefect.running import RunOptions, run_graph

    graph = chain(nodes)
    async with open_saver(database, until_stored) as saver:
        kept = graph.copy({"checkpointer": saver})

        async def bare() -> Any:
            return await graph.ainvoke({"count": 0}, {"recursion_limit": nodes + 1})

        async def with_saver() -> Any:
            config = {"configurable": {"thread_id": str(uuid.uuid4())}, "recursion_limit": nodes + 1}
            return await kept.ainvoke({"count": 0}, config, durability="sync")

        async def bridged(options: RunOptions) -> Any:
            return await run_graph(graph, {"count": 0}, thread_id=str(uuid.uuid4()), options=options)

        inside: dict[str, tuple[float, float]] = {}

        @flow(name="bench-graphs")
        async def in_prefect() -> None:
            began, cpu = time.perf_counter(), time.process_time()
            await bridged(RunOptions(checkpointer=saver))
            inside["last"] = (time.perf_counter() - began, time.process_time() - cpu)

        ways: dict[str, Way] = {
            "bare LangGraph": bare,
            "bridge, no checkpointer, no Prefect": lambda: bridged(RunOptions()),
            "LangGraph with the checkpointer": with_saver,
            "bridge with the checkpointer": lambda: bridged(RunOptions(checkpointer=saver)),
            "bridge with the checkpointer, as task runs": in_prefect,
        }
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for turn in range(rounds + 1):
            for name, way in ways.items():
                began, cpu = time.perf_counter(), time.process_time()
                await way()
                spent = (time.perf_counter() - began, time.process_time() - cpu)
                # Starting and ending a flow run is not the nodes' share.
                if turn:
                    taken[name].append(inside["last"] if way is in_prefect else spent)
    return {
        name: {
            "wall_ms_a_node": round(1000 * statistics.median(wall for wall, _ in times) / nodes, 3),
            "cpu_ms_a_node": round(1000 * statistics.median(cpu for _, cpu in times) / nodes, 3),
        }
        for name, times in taken.items()
    }


def main() -> None:
    """Measure, print the table and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as home:
        os.environ["SALES_AGENT_HOME"] = home

        def sales_agent(*arguments: str) -> str:
            command = [sys.executable, "-m", "app", *arguments]
            return subprocess.run(command, check=True, capture_output=True, text=True).stdout

        sales_agent("up", "--detach", "--port", str(port))
        try:
            os.environ |= {"PREFECT_API_URL": f"http://127.0.0.1:{port}/api", "PREFECT_HOME": f"{home}/prefect"}
            os.environ["PREFECT_API_AUTH_STRING"] = Path(home, LOGIN_FILE).read_text()
            os.environ["PREFECT_LOGGING_LEVEL"] = "ERROR"
            database = sales_agent("db", "url").strip()
            sales_agent("db", "upgrade")
            figures = asyncio.run(measure(database, options.nodes, options.rounds))
        finally:
            sales_agent("down")
    print(f"{'a graph of ' + str(options.nodes) + ' nodes':<46}{'ms a node':>10}{'CPU ms a node':>15}")
    for name, row in figures.items():
        print(f"{name:<46}{row['wall_ms_a_node']:>10.3f}{row['cpu_ms_a_node']:>15.3f}")
    document = {
        "python": platform.python_version(),
        "nodes": options.nodes,
        "rounds": options.rounds,
        "ways": figures,
    }
    OUT.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
