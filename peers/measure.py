"""Shared by the peers: command line, timing, and the line of JSON."""

import argparse
import json
import resource
import statistics
import time


def options(**more):
    """Parses batch, repeats, warm-ups, threads, and `more`: `name=(default, choices or None)`."""
    parser = argparse.ArgumentParser()
    defaults = dict(batch=(64, None), repeats=(20, None), warmups=(4, None), threads=(2, None))
    for name, (default, choices) in (defaults | more).items():
        parser.add_argument(f"--{name}", type=type(default), default=default, choices=choices)
    return parser.parse_args()


def median_ms(step, repeats, warmups):
    """Returns the median time of `repeats` calls in milliseconds, after `warmups` other calls."""
    times = []
    for _ in range(warmups + repeats):
        start = time.perf_counter()
        step()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times[warmups:])


def report(ms):
    """Prints `ms` and the process's peak memory in megabytes."""
    kibibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps(dict(ms=ms, mb=kibibytes * 1024 / 1e6)), flush=True)
