"""What this machine does while tests run: whether times mean anything on it, and whether anything is done at all."""

import contextlib
import time

import psutil


def stalled(seconds=0.5):
    """Return the share of the next moments in which this process is kept from running by others, or by the host."""
    start = last = time.perf_counter()
    lost = 0.0
    while last < start + seconds:
        now = time.perf_counter()
        lost += now - last if now - last > 1e-3 else 0
        last = now
    return lost / (last - start)


def own_use():
    """Return the seconds of processor time that this process and what it started, a browser perhaps, used so far."""
    used = 0.0
    for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
        with contextlib.suppress(psutil.Error):  # it has ended
            used += sum(process.cpu_times()[:2])
    return used


def disturbed(seconds=0.5):
    """Return why times mean nothing on this machine now, or an empty text; what a test itself does is no reason."""
    before = own_use()
    busy = psutil.cpu_percent(seconds)
    if (others := busy - 100 * (own_use() - before) / seconds / psutil.cpu_count()) > 40:
        return f"other programs use {others:.0f} % of this machine"
    return f"this machine stood still for {share:.0%} of half a second" if (share := stalled()) > 0.2 else ""
