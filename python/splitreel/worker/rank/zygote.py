"""The process that imports everything heavy once and forks ranks, which share its memory and start at once.

It must stay single-threaded and never touch CUDA: neither survives a fork. The supervisor sends each request over a
socket, together with the descriptors that the new rank will use.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from select import select
from typing import NoReturn

from splitreel.machine.imports import lasting_imports
from splitreel.worker.rank.messages import Channel
from splitreel.worker.rank.parent import die_with_parent
from splitreel.worker.rank.port import EngineModule, load_engine_module
from splitreel.worker.rank.process import RankProcess

_MESSAGE_BYTES = 65_536


def main(argv: list[str]) -> int:
    """Arguments: the descriptor of the control socket, the supervisor's pid, the engine module."""
    descriptor, parent, module = int(argv[0]), int(argv[1]), argv[2]
    die_with_parent(parent)
    # A terminal sends these to its whole foreground group. Only the supervisor decides what they mean.
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    control = socket.socket(fileno=descriptor)
    with lasting_imports():
        engine_module = load_engine_module(module)
        engine_module.preload()
    _send(control, {"type": "ready"})
    return _serve(control, engine_module)


def _serve(control: socket.socket, engine_module: EngineModule) -> int:
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    own_pid = os.getpid()
    while True:
        sources: list[socket.socket | int] = [control, wake_read]
        readable, _, _ = select(sources, [], [])
        if wake_read in readable:
            os.read(wake_read, 4096)
            _report_exits(control)
        if control in readable:
            message, descriptors, _, _ = socket.recv_fds(control, _MESSAGE_BYTES, 2)
            if not message:
                return 0
            request = json.loads(message)
            pid = os.fork()
            if pid == 0:
                control.close()
                os.close(wake_read)
                os.close(wake_write)
                _become_rank(request, descriptors, engine_module, own_pid)
            for descriptor in descriptors:
                os.close(descriptor)
            _send(control, {"type": "forked", "serial": request["serial"], "pid": pid})


def _report_exits(control: socket.socket) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        _send(control, {"type": "exited", "pid": pid, "code": os.waitstatus_to_exitcode(status)})


def _become_rank(
    request: dict[str, object], descriptors: list[int], engine_module: EngineModule, parent: int
) -> NoReturn:
    sock, output = descriptors
    code = 1
    try:
        die_with_parent(parent)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        environment = request["environment"]
        assert isinstance(environment, dict)
        os.environ.update(environment)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.close(output)
        stream = socket.socket(fileno=sock)
        RankProcess(stream.makefile("rb"), Channel(stream.makefile("wb")), engine_module).serve()
    except BaseException:  # noqa: BLE001 - the traceback is the last thing this process can leave
        import traceback

        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _send(control: socket.socket, message: dict[str, object]) -> None:
    try:
        control.send(json.dumps(message).encode())
    except OSError:
        os._exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
