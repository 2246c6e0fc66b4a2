"""Hands a run over to Weights & Biases: settings, figures of every step, scores, sample grids.

    python3 python/to_wandb.py runs/mnist                      # offline, into wandb/
    python3 python/to_wandb.py runs/mnist --follow 30          # while it trains
    wandb sync wandb/offline-run-*                             # uploads it, whenever you like

Called again it adds what is new, under the same id. Needs wandb and pillow.
"""

import json
import pathlib

import tracked
import wandb


def add(parser):
    parser.add_argument("--dir", type=pathlib.Path, default=".", help="where wandb/ is made")
    parser.add_argument("--project", default="dcgan")
    parser.add_argument("--online", action="store_true", help="upload at once, to your account")


class Tracker:
    """The run of W&B with the id of ours.

    A file next to it tells which steps it has: what is offline cannot be asked. Nothing is begun
    where there is nothing new, for each beginning makes a folder.
    """

    def __init__(self, options, run):
        self.state = options.dir / "wandb" / f"dcgan-{run.id}.json"
        self.step = json.loads(self.state.read_text())["step"] if self.state.exists() else -1
        self.begun = None
        self.begin = lambda: wandb.init(
            project=options.project, name=run.name, id=run.id, resume="allow", dir=options.dir,
            config=run.settings, mode="online" if options.online else "offline",
        )

    def log(self, step, figures, pictures):
        self.begun = self.begun or self.begin()
        images = {name: wandb.Image(str(path)) for name, path in pictures.items()}
        self.begun.log({**figures, **images}, step=step)

    def flush(self):
        if self.begun:
            self.state.write_text(json.dumps({"step": self.step}))

    def close(self, is_finished):
        if self.begun:
            self.begun.summary["finished"] = is_finished
            self.begun.finish()


if __name__ == "__main__":
    tracked.hand_over(__doc__, add, Tracker)
