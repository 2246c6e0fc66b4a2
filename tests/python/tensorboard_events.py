"""Prints what TensorBoard's own readers find in a folder of event files, as JSON.

    python3 tests/python/tensorboard_events.py FOLDER

`scalars`: tag to [step, value] pairs; `histograms`: tag to [step, count, sum] triples, both from the
event accumulator; `plugins`: tag to the dashboard that shows it, from the loader of the web page.
Exit code 3: `tensorboard` cannot be imported.
"""

import json
import pathlib
import sys

try:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
except ImportError as error:
    print(error)
    sys.exit(3)


def main():
    folder = sys.argv[1]
    accumulator = EventAccumulator(folder, size_guidance={"scalars": 0, "histograms": 0})
    accumulator.Reload()
    tags = accumulator.Tags()
    scalars = {tag: [[e.step, e.value] for e in accumulator.Scalars(tag)] for tag in tags["scalars"]}
    histograms = {}
    for tag in tags["histograms"]:
        found = [(e.step, e.histogram_value) for e in accumulator.Histograms(tag)]
        histograms[tag] = [[step, sum(value.bucket), value.sum] for step, value in found]
    plugins = {}
    for path in pathlib.Path(folder).iterdir():
        for event in EventFileLoader(str(path)).Load():
            for value in event.summary.value:
                name = value.metadata.plugin_data.plugin_name
                plugins[value.tag] = name or plugins.get(value.tag)
    print(json.dumps({"scalars": scalars, "histograms": histograms, "plugins": plugins}))


if __name__ == "__main__":
    main()
