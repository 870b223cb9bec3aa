"""What the folder of every finished run must hold, whichever experiment made it.

A test module of an experiment takes it over, and runs the quick preset once for all its tests:

    class TestContract(FinishedRun):
        experiment = fraud
"""

import dataclasses
import json
import math
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from keras_suite.cli import parse
from keras_suite.metrics.direction import direction
from keras_suite.runs.read import read_run
from tests.experiments.processes import QUICK_SAMPLE, export_problem, read

WHAT = "model", "protocol", "decision", "split", "group"


@dataclass(frozen=True)
class QuickRun:
    """A run of the quick preset on sample data."""

    experiment: ModuleType
    folder: Path
    out: str

    @property
    def metrics(self) -> dict:
        return read(self.folder)[0]

    @property
    def history(self) -> list[dict]:
        return read(self.folder)[1]

    @property
    def figures(self) -> dict[tuple[str, str, str], float]:
        """Every figure by names, table and metric."""
        entries = read_run(self.folder).entries
        return {(each.of, each.table, each.metric): each.reproduced for each in entries}

    @property
    def variants(self) -> list:
        return self.experiment.variants(self.experiment.PRESETS["quick"])


class FinishedRun:
    experiment: ModuleType
    flags: tuple[str, ...] = ()  # besides those of the quick preset on sample data

    def test_it_says_what_it_is_of_and_leaves_nothing_half_done(self, quick_run):
        metrics, folder = quick_run.metrics, quick_run.folder
        name = Path(self.experiment.__file__).stem
        assert quick_run.out.startswith("SAMPLE DATA: ")
        assert quick_run.out.endswith(f"Run: {folder}\n")
        assert metrics["experiment"] == name
        assert metrics["about"] == self.experiment.__doc__.partition("\n")[0]
        assert metrics["command"].startswith(f"python experiments/{name}.py --preset quick")
        assert (metrics["status"], metrics["preset"]) == ("done", "quick")
        assert (metrics["data"]["kind"], len(metrics["data"]["sha256"])) == ("sample", 64)
        _, expected = parse(self.experiment, [*QUICK_SAMPLE, *self.flags])
        config = json.loads((folder / "config.json").read_text())
        assert config == json.loads(json.dumps(dataclasses.asdict(expected), default=str))
        assert not (folder / "state").exists()
        assert not list(folder.rglob(".partial-*"))

    def test_every_figure_is_a_number_that_says_what_it_is_of(self, quick_run):
        results = quick_run.metrics["results"]
        assert results
        for row in results:
            assert set(row) <= {*WHAT, "metric", "direction", "reported", "reproduced"}
            assert math.isfinite(row["reproduced"]), row
            assert row["direction"] == direction(row["metric"])
        assert len({tuple(row.get(k) for k in (*WHAT, "metric")) for row in results}) == len(
            results
        )

    def test_every_reported_figure_of_its_models_stands_beside_one(self, quick_run):
        results = quick_run.metrics["results"]
        beside = {
            (*(row.get(key) for key in WHAT), row["metric"]): row["reported"] for row in results
        }
        models = {row["model"] for row in results}
        reported = [
            ((*(what.get(key) for key in WHAT), metric), value)
            for what, figures in self.experiment.REPORTED
            for metric, value in figures.items()
            if what["model"] in models
        ]
        assert reported or not (self.experiment.REPORTED and quick_run.history)
        for what, value in reported:
            assert beside.get(what) == value, what

    def test_the_history_has_every_epoch_of_what_was_trained(self, quick_run):
        names = [each.fit_name for each in quick_run.variants if each.trains]
        history = quick_run.history
        assert list(dict.fromkeys(row["fit"] for row in history)) == names
        for name in names:
            epochs = [row for row in history if row["fit"] == name]
            assert [int(row["epoch"]) for row in epochs] == [*range(1, len(epochs) + 1)]
            assert math.isfinite(float(epochs[-1][self.experiment.OBJECTIVE]))
            assert list((quick_run.folder / "tensorboard" / name).rglob("events*"))

    def test_its_pictures_are_whole(self, quick_run):
        pictures = list((quick_run.folder / "figures").iterdir())
        assert pictures
        for picture in pictures:
            assert picture.suffix == ".png"
            assert picture.read_bytes().endswith(b"IEND\xaeB`\x82")

    def test_one_candidate_is_exported_and_a_fresh_process_computes_the_same(self, quick_run):
        folder, exported = quick_run.folder, quick_run.metrics["exported"]
        others = {each.name for each in quick_run.variants if not each.is_candidate}
        assert exported not in others
        names = {", ".join(filter(None, (row["model"], row.get("protocol")))) for row in
                 quick_run.metrics["results"]}  # fmt: skip
        assert exported in names or not quick_run.history
        kept = [(folder / name).exists() for name in ("model.keras", "adapter")]
        assert sorted(kept) == [False, True]
        name = Path(self.experiment.__file__).stem
        assert {path.name for path in (folder / "serving").iterdir()} == {name, "examples.npz"}
        assert export_problem(folder) == ""
