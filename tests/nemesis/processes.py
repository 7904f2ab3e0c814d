"""The nemesis of processes: kills and stops those it was told of, and no others."""

from __future__ import annotations

import os
import signal
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class ProcessNemesis:
    """Harms only processes given to `may_harm`, each known by its id and the time it was started, as ids are used again."""

    counted: Counter[str] = field(default_factory=Counter)
    _known: dict[int, int] = field(default_factory=dict)

    def may_harm(self, pid: int) -> int:
        """From here on this process may be harmed."""
        self._known[pid] = _started(pid)
        return pid

    def kill(self, pid: int) -> None:
        """SIGKILL."""
        self._send(pid, signal.SIGKILL)

    def stop(self, pid: int) -> None:
        """SIGSTOP: it is there, and does nothing."""
        self._send(pid, signal.SIGSTOP)

    def go_on(self, pid: int) -> None:
        """SIGCONT."""
        self._send(pid, signal.SIGCONT)

    def _send(self, pid: int, number: signal.Signals) -> None:
        if pid not in self._known or self._known[pid] != _started(pid):
            raise AssertionError(f"process {pid} is not ours to harm")
        os.kill(pid, number)
        self.counted[number.name] += 1


def _started(pid: int) -> int:
    """Ticks from boot to the start of a process, field 22 of proc(5) stat; 0: there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0
    return int(stat.rpartition(") ")[2].split()[19])
