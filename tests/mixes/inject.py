"""How each kind of fault is done. Each function returns when its fault is over."""

import os
import shutil
import signal
import time
from collections.abc import Callable

from msgspec import structs

from tests.mixes.schedule import LINKS, Fault
from tests.mixes.world import World
from tests.proxy import Proxy

LITTLE_MEMORY = "1mb"
RESETS = 3
RESETS_EVERY_S = 0.3


def inject(world: World, fault: Fault) -> None:
    """Do `fault` to `world`; when this returns, it is over."""
    time.sleep(fault.after_s)
    INJECT[fault.kind](world, fault)


def _kill(world: World, fault: Fault) -> None:
    world.crew.kill(fault.place)


def _freeze(world: World, fault: Fault) -> None:
    pid = world.crew.freeze(fault.place)
    time.sleep(fault.for_s)
    os.kill(pid, signal.SIGCONT)


def _term(world: World, _fault: Fault) -> None:
    members = len(world.crew)
    world.crew.dismiss()
    world.crew.resize(members)


def _members(world: World, fault: Fault) -> None:
    world.crew.resize(int(fault.amount))


def _redis_killed(world: World, fault: Fault) -> None:
    world.redis.kill()
    time.sleep(fault.for_s)
    world.redis.start()


def _file_cut(world: World, fault: Fault) -> None:
    world.redis.kill()
    newest = world.redis.append_only_files()[-1]
    with newest.open("r+b") as file:
        file.truncate(int(newest.stat().st_size * fault.amount))
    world.redis.start()


def _older_copy(world: World, fault: Fault) -> None:
    copy = world.copies[-min(int(fault.amount), len(world.copies))]
    world.redis.kill()
    files = world.redis.folder / "appendonlydir"
    shutil.rmtree(files)
    shutil.copytree(copy, files)
    world.redis.start()


def _flushall(world: World, _fault: Fault) -> None:
    world.pipe.redis.flushall()


def _script_flush(world: World, _fault: Fault) -> None:
    world.pipe.redis.script_flush()


def _out_of_memory(world: World, fault: Fault) -> None:
    world.pipe.redis.config_set("maxmemory", LITTLE_MEMORY)
    time.sleep(fault.for_s)
    world.pipe.redis.config_set("maxmemory", "0")


def _clients_cut(world: World, _fault: Fault) -> None:
    world.pipe.redis.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


def _broker_killed(world: World, fault: Fault) -> None:
    world.kafka.kill()
    time.sleep(fault.for_s)
    world.kafka.start()


def _broker_restarted(world: World, _fault: Fault) -> None:
    world.kafka.end()
    world.kafka.start()


def _latency(proxy: Proxy, fault: Fault) -> None:
    proxy.latency_s = fault.amount
    time.sleep(fault.for_s)
    proxy.heal()


def _slow(proxy: Proxy, fault: Fault) -> None:
    proxy.bytes_per_s = int(fault.amount)
    time.sleep(fault.for_s)
    proxy.heal()


def _half_open(proxy: Proxy, fault: Fault) -> None:
    proxy.half_open = True
    time.sleep(fault.for_s)
    proxy.heal()


def _resets(proxy: Proxy, _fault: Fault) -> None:
    for _ in range(RESETS):
        proxy.reset()
        time.sleep(RESETS_EVERY_S)


def _refused(proxy: Proxy, fault: Fault) -> None:
    proxy.refusing = True
    proxy.reset()
    time.sleep(fault.for_s)
    proxy.heal()


def _lost_replies(proxy: Proxy, fault: Fault) -> None:
    proxy.lose_replies(int(fault.amount))


def _weather(**shares: float) -> "Inject":
    def change(world: World, fault: Fault) -> None:
        world.flow.weather = structs.replace(world.plan.weather, **shares)
        time.sleep(fault.for_s)
        world.flow.weather = world.plan.weather

    return change


Inject = Callable[[World, Fault], None]


def _on_link(to: str, do: Callable[[Proxy, Fault], None]) -> Inject:
    return lambda world, fault: do(world.proxies[to], fault)


_ON_LINKS = {
    "latency": _latency,
    "slow": _slow,
    "half-open": _half_open,
    "resets": _resets,
    "refused": _refused,
    "lost replies": _lost_replies,
}
INJECT: dict[str, Inject] = {
    "kill": _kill,
    "freeze": _freeze,
    "term": _term,
    "members": _members,
    "redis killed": _redis_killed,
    "file cut": _file_cut,
    "older copy": _older_copy,
    "flushall": _flushall,
    "script flush": _script_flush,
    "out of memory": _out_of_memory,
    "clients cut": _clients_cut,
    "broker killed": _broker_killed,
    "broker restarted": _broker_restarted,
    "sent again": _weather(again=0.8),
    "bad records": _weather(bad=0.5),
    "other times": _weather(off=0.5),
    "hot player": _weather(hot=0.9),
    **{f"{what}: {to}": _on_link(to, do) for what, do in _ON_LINKS.items() for to in LINKS},
}
