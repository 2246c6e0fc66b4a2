"""Hands a run over to MLflow: settings, figures of every step, scores, sample grids.

    python3 python/to_mlflow.py runs/mnist                     # into mlflow.db and mlartifacts/
    python3 python/to_mlflow.py runs/mnist --follow 30         # while it trains
    mlflow ui --backend-store-uri sqlite:///mlflow.db          # looks at it

Called again it adds what is new. Needs mlflow (or mlflow-skinny with sqlalchemy and alembic).
"""

import pathlib

import tracked
from mlflow import MlflowClient
from mlflow.entities import Metric, Param
from mlflow.exceptions import MlflowException

# MLflow takes no more in one call.
MOST_METRICS, MOST_PARAMS = 1000, 100
# The metric that tells which steps are there.
STEP = "step"


def add(parser):
    parser.add_argument("--store", default="sqlite:///mlflow.db", help="as MLflow names it")
    parser.add_argument("--artifacts", type=pathlib.Path, default="mlartifacts", help="pictures")
    parser.add_argument("--experiment", default="dcgan")


class Tracker:
    """The run of MLflow with the tag `dcgan.run`, made where there is none."""

    def __init__(self, options, run):
        self.client = MlflowClient(options.store)
        experiment = self.client.get_experiment_by_name(options.experiment)
        if experiment is None:
            place = options.artifacts.resolve().as_uri()
            number = self.client.create_experiment(options.experiment, place)
        else:
            number = experiment.experiment_id
        found = self.client.search_runs([number], f"tags.`dcgan.run` = '{run.id}'")
        if found:
            self.id, there = found[0].info.run_id, found[0].data.params
            self.client.update_run(self.id, "RUNNING")
        else:
            tags = {"dcgan.run": run.id, "mlflow.source.name": "dcgan-train"}
            self.id = self.client.create_run(number, tags=tags, run_name=run.name).info.run_id
            there = {}
        # Epochs may grow; MLflow's parameters may not change. Some may be missing where a process
        # was killed.
        missing = run.settings.keys() - there.keys() - {"train.epochs"}
        params = [Param(key, str(run.settings[key])) for key in sorted(missing)]
        for at in range(0, len(params), MOST_PARAMS):
            self.client.log_batch(self.id, params=params[at : at + MOST_PARAMS])
        self.client.set_tag(self.id, "train.epochs", str(run.settings.get("train.epochs")))
        steps = self.client.get_metric_history(self.id, STEP)
        self.step = max((metric.step for metric in steps), default=-1)
        self.waiting = []

    def log(self, step, figures, pictures):
        for name, path in pictures.items():
            self.client.log_artifact(self.id, str(path), name)
        now = [Metric(name, value, 0, step) for name, value in figures.items()]
        self.waiting += [*now, Metric(STEP, step, 0, step)]

    def flush(self):
        for at in range(0, len(self.waiting), MOST_METRICS):
            self.client.log_batch(self.id, metrics=self.waiting[at : at + MOST_METRICS])
        self.waiting = []

    def close(self, is_finished):
        if is_finished:
            self.client.set_terminated(self.id, "FINISHED")


if __name__ == "__main__":
    tracked.hand_over(__doc__, add, Tracker, [MlflowException])
