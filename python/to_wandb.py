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

    A file next to it tells which steps it has, and where: what is offline cannot be asked. Nothing
    is begun where there is nothing new, for each beginning makes a folder.
    """

    def __init__(self, options, run):
        self.path = options.dir / "wandb" / f"dcgan-{run.id}.json"
        self.place = dict(project=options.project, mode="online" if options.online else "offline")
        self.step, self.begun = self.known(), None
        self.begin = lambda: wandb.init(
            **self.place, name=run.name, id=run.id, resume="allow", dir=options.dir,
            config=run.settings,
        )

    def known(self):
        """The last step that W&B has."""
        state = tracked.load(self.path) if self.path.exists() else dict(self.place, step=-1)
        if not isinstance(state.get("step"), int):
            raise ValueError(f"{self.path}: expected a number `step`, got {state.get('step')!r}")
        for key, value in self.place.items():
            if state.get(key) != value:
                raise ValueError(
                    f"{self.path}: the run was handed over with {key} {state.get(key)!r}, not "
                    f"{value!r}; delete this file to hand over all of it again"
                )
        return state["step"]

    def log(self, step, figures, pictures):
        self.begun = self.begun or self.begin()
        images = {name: wandb.Image(str(path)) for name, path in pictures.items()}
        self.begun.log({**figures, **images}, step=step)

    def flush(self):
        if self.begun:
            partial = self.path.with_suffix(".partial")
            partial.write_text(json.dumps(dict(self.place, step=self.step)))
            partial.replace(self.path)

    def close(self, is_finished):
        if self.begun:
            self.begun.summary["finished"] = is_finished
            self.begun.finish()


if __name__ == "__main__":
    tracked.hand_over(__doc__, add, Tracker, [wandb.Error])
