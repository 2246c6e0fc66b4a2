"""What the peers share: the command line, the clock, the line of JSON."""

import argparse
import json
import resource
import statistics
import time


def options(**more):
    """Batch, repeats, warm-ups and threads, and what `more` adds, each `name=(default, choices or None)`."""
    parser = argparse.ArgumentParser()
    defaults = dict(batch=(64, None), repeats=(20, None), warmups=(4, None), threads=(2, None))
    for name, (default, choices) in (defaults | more).items():
        parser.add_argument(f"--{name}", type=type(default), default=default, choices=choices)
    return parser.parse_args()


def median_ms(step, repeats, warmups):
    """The median of `repeats` calls in milliseconds, after `warmups` that do not count."""
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
