"""The contract of an experiment, and the one run that all of them share.

An experiment is a module, ``experiments/NAME.py``, with these names; those in brackets may be left
out:

    Config, PRESETS, REPORTED       the recipe, its sizes, and the figures of its source
    load(config)                    the data, with its ``provenance`` and ``notice``
    variants(config)                the trainings that are compared, of one seed: :class:`Variant`
    split(config, data)             rows to train on, to choose by and to judge by
    build(config, rows)             a compiled keras.Model
    evaluate(trained)               ``[(what, figures)]``, see :func:`runs.results.compare`
    serve(trained)                  how the model is exported: :class:`serving.served.Served`
    [OBJECTIVE]                     the validation figure of an epoch to choose by, as val_accuracy
    [search_space(hp, config)]      a Config sampled by KerasTuner
    [measures(trained)]             further validation figures of each epoch: functions by name
    [schedule(config, rows)]        how long a fit is, where that is neither ``epochs`` passes nor
                                    ``evaluations`` of ``steps_per_evaluation`` steps
    [figures(outcome)]              matplotlib figures by file name
    [files(outcome)]                texts by file name
    [says(outcome)]                 sentences and tables to print in the end
    [SIDE_BY_SIDE]                  whether fits are so small that each gets one core
"""

import dataclasses
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from etils import epy

from keras_suite.config import ExperimentConfig
from keras_suite.metrics.direction import direction
from keras_suite.serving.served import Served
from keras_suite.terminal import files

with epy.lazy_imports():
    from keras_suite.adapters import apply, counts, peft
    from keras_suite.runs import results as run_results
    from keras_suite.serving import examples as serving_examples
    from keras_suite.serving import export as serving_export
    from keras_suite.training import cached, fit, memory, parallel, precision, prefix_cache, rows


def reported(metrics: str, *rows: tuple) -> list[tuple[dict, dict[str, float]]]:
    """Return a table of a source's figures as ``REPORTED`` has it.

    ``metrics`` are the names of the columns, with commas between; a row is what its figures are of,
    and the figures, None for one that is not legible.
    """
    columns = metrics.split(",")
    tables = ((what, zip(columns, figures, strict=True)) for what, *figures in rows)
    return [(what, {k: v for k, v in row if v is not None}) for what, row in tables]


@dataclass(frozen=True)
class Variant:
    """One of the trainings that an experiment compares.

    Args:
        model: its name in results and figures.
        config: the experiment's Config for this training alone, with ``epochs`` and ``batch_size``.
        protocol: how its rows are prepared, where the experiment compares ways: paper, clean, both.
        trains: whether it is trained at all; else it is measured as it is built.
        is_candidate: whether it may be the one that is exported.
    """

    model: str
    config: Any
    protocol: str = ""
    trains: bool = True
    is_candidate: bool = True

    @property
    def name(self) -> str:
        """Model and protocol."""
        return ", ".join(part for part in (self.model, self.protocol) if part)

    @property
    def fit_name(self) -> str:
        """A name for files."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()) + f"-seed{self.config.seed}"


@dataclass
class Trained:
    """A variant with its data, rows and network, and after the fit with its history.

    Args:
        data, rows: as ``load`` and ``split`` gave them.
        network: as ``build`` gave it; None before and after the variant's turn.
        history: an entry for each epoch, as :func:`keras_suite.training.fit.run_fit` gives them.
        costs: what the training took, by metric.
        kept: for what ``evaluate`` finds and figures, files or the export need later.
    """

    variant: Variant
    data: Any
    rows: Any
    network: Any = None
    history: list[dict] = field(default_factory=list)
    costs: dict[str, float] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        self._predictions, self._fitted = {}, None

    @property
    def config(self) -> Any:
        """The variant's Config."""
        return self.variant.config

    @property
    def name(self) -> str:
        """The variant's name."""
        return self.variant.name

    def build(self, experiment: ModuleType) -> None:
        """Build the network."""
        self.network = experiment.build(self.config, self.rows)

    def cache_prefix(self, parts: tuple[str, ...], *progress: Callable) -> None:
        """Compute what is frozen in the network once; only these parts can be used then."""
        given = [self.rows.parts()[part] for part in parts]
        cache = prefix_cache.PrefixCache(dtype=self.config.cache_dtype)
        tail, stored = cached.cached(self.network, given, cache, *progress)
        self._fitted = tail, dict(zip(parts, stored, strict=True))

    def fit(self, experiment: ModuleType, **settings) -> "fit.Fit":
        """Return the :class:`keras_suite.training.fit.Fit` to be, with its ``settings``.

        It is of the tail alone after :meth:`cache_prefix`.
        """
        model, parts = self._fitted or (self.network, self.rows.parts())
        given: dict = {"measures": getattr(experiment, "measures", lambda trained: {})(self)}
        given |= {"batch_size": self.config.batch_size, "seed": self.config.seed} | settings
        return fit.Fit(self.variant.fit_name, model, parts["train"], parts["validation"], **given)

    def predict(self, part: str) -> tuple:
        """Return labels ``[n]`` and the network's outputs ``[n, ...]`` of a part of the rows."""
        if part not in self._predictions:
            model, parts = self._fitted or (self.network, self.rows.parts())
            given = rows.as_rows(parts[part])
            self._predictions[part] = given.labels, given.predict(model)
        return self._predictions[part]

    def last(self, *metrics: str, prefix: str = "") -> dict[str, float]:
        """Return the last epoch's figures; ``prefix`` stands before their names in the history."""
        return {metric: self.history[-1][prefix + metric] for metric in metrics}

    def release(self) -> None:
        """Let the network go; predictions that were asked for stay."""
        self.network = self._fitted = None


@dataclass(frozen=True)
class Outcome:
    """What a run has found, for figures, files and sentences."""

    config: ExperimentConfig
    data: Any
    trained: list[Trained]
    """The variants of the first seed."""
    results: list[dict]
    """As metrics.json will have them, of all seeds."""

    def predictions(self, *parts: str) -> dict[str, dict[str, tuple]]:
        """Labels and outputs by variant and part, as :meth:`Trained.predict` gives them."""
        return {each.name: {part: each.predict(part) for part in parts} for each in self.trained}

    @property
    def labels(self) -> dict:
        """The labels ``[n]`` of each part of the first variant's rows."""
        parts = self.trained[0].rows.parts()
        return {part: rows.as_rows(given).labels for part, given in parts.items()}

    @property
    def histories(self) -> dict[str, list[dict]]:
        """The history of each variant that was trained, by name."""
        return {each.name: each.history for each in self.trained if each.history}


def run(experiment: ModuleType, config: ExperimentConfig, run) -> None:
    """Prepare, train, measure, compare, draw and export all variants; print in the end.

    Variants are trained side by side on one core each (``SIDE_BY_SIDE``), or one after the other,
    each with all cores, and its memory is freed before the next one. The one to export is the best
    candidate of the first seed by the last epoch's ``OBJECTIVE``. All goes into an open ``run``
    (:class:`keras_suite.runs.run.Run`); InputError is raised where data, rows or the first network
    cannot be had, and nothing is trained then.
    """
    side_by_side = getattr(experiment, "SIDE_BY_SIDE", False)
    if side_by_side:
        parallel.one_core_per_operation()
    with run.stage("prepare"):
        data = experiment.load(config)
        everything = prepare(experiment, config, data)
        turns = [everything] if side_by_side else [[each] for each in everything]
        for each in turns[0]:
            each.build(experiment)
    run.use(data.provenance, data.notice)
    _say_what_is_cut(everything[0].rows, run)
    measured, best = [], None
    for turn in turns:
        train(experiment, turn, run, share=0.9 / len(turns))
        with run.stage("measure", 0.04 / len(turns)):
            measured += [row for each in turn for row in evaluated(experiment, each)]
        ours = [each for each in turn if each.config.seed == config.seed]
        if (chosen := choose(experiment, best, ours)) and chosen is not best:
            best = chosen
            export(experiment, best, run)
        if not side_by_side:
            turn[0].release()
            memory.forget_graphs()
    results = run_results.compare(measured, experiment.REPORTED)
    first_seed = [each for each in everything if each.config.seed == config.seed]
    outcome = Outcome(config, data, first_seed, results)
    with run.stage("draw", 0.06):
        for name, figure in getattr(experiment, "figures", lambda outcome: {})(outcome).items():
            run.save_figure(figure, name)
        for name, text in getattr(experiment, "files", lambda outcome: {})(outcome).items():
            files.write_text(run.folder / name, text)
    run.finish(results)
    for each in getattr(experiment, "says", lambda outcome: [])(outcome):
        run.say(each)


def prepare(experiment: ModuleType, config: ExperimentConfig, data: Any) -> list[Trained]:
    """Split the rows of each variant of each seed; nothing is built yet."""
    seeds = range(config.seed, config.seed + config.repeats)
    configs = [dataclasses.replace(config, seed=seed) for seed in seeds]
    variants = [variant for each in configs for variant in experiment.variants(each)]
    return [Trained(each, data, experiment.split(each.config, data)) for each in variants]


def _say_what_is_cut(rows, run) -> None:
    parts = rows.parts().values() if hasattr(rows, "parts") else ()
    encoded = [part.encoded for part in parts if hasattr(part, "encoded")]
    cut = sum(part.truncated for part in encoded)
    if cut:
        run.say(f"{cut:,} texts have more than {encoded[0].max_length} tokens and are cut.")


def train(experiment: ModuleType, turn: list[Trained], run, share: float) -> None:
    """Fit variants side by side, or one that has all cores, going on where a kill stopped them."""
    alone = turn[0] if len(turn) == 1 else None
    if alone and alone.network is None:
        alone.build(experiment)
    filled = {}
    for each in turn:
        if getattr(each.config, "prefix_cache", False):
            share, stage = share / 2, f"cache {each.variant.fit_name}"
            with run.stage(stage, share) as advance:
                each.cache_prefix(
                    tuple(each.rows.parts()),
                    lambda text, each=each: run.say(f"{each.name}: {text}"),
                    advance,
                )
            filled = {"seconds_to_fill_cache": run.metrics["seconds"][stage]}
    schedule = getattr(experiment, "schedule", _schedule)
    fits = {
        each.variant.fit_name: each.fit(experiment, **schedule(each.config, each.rows))
        for each in turn
        if each.variant.trains
    }
    if not fits:
        return
    peak = memory.watch_peak_memory()
    histories = run.fit(list(fits.values()), share, at_once=1 if alone else None)
    for each in turn:
        each.history = histories.get(each.variant.fit_name, [])
    # Later seeds begin with memory that is not given back, and a fit that is resumed has no peak.
    if alone and alone.history and alone.config.seed == run.metrics["seed"]:
        first = run.metrics.setdefault("peak_memory_mb", {})
        filled["peak_memory_mb"] = first.setdefault(alone.variant.fit_name, peak() / 1e6)
    for each in turn:
        if each.history:
            each.costs = _costs(each, fits[each.variant.fit_name]) | filled


def _schedule(config: Any, rows: Any) -> dict:
    if not hasattr(config, "steps_per_evaluation"):
        return {"epochs": config.epochs}
    return {"epochs": config.evaluations, "steps_per_evaluation": config.steps_per_evaluation}


def _costs(each: Trained, fit) -> dict[str, float]:
    seconds = sum(entry["seconds"] for entry in each.history)
    costs = counts.parameter_counts(each.network) | {"seconds": seconds}
    if fit.steps_per_evaluation is None:
        costs["seconds_per_epoch"] = seconds / len(each.history)
    return costs


def evaluated(experiment: ModuleType, each: Trained) -> list[tuple[dict, dict]]:
    """Return the figures of a variant, and what it cost, with what they are figures of."""
    rows = list(experiment.evaluate(each))  # which may name the variant by what it has loaded
    if each.costs:
        rows.append(({"group": "cost"}, each.costs))
    whose = {"model": each.variant.model, "protocol": each.variant.protocol}
    return [(whose | what, figures) for what, figures in rows]


def choose(experiment: ModuleType, best: Trained | None, others: list[Trained]) -> Trained | None:
    """Return the candidate, ``best`` being that so far, with the best last epoch by ``OBJECTIVE``.

    It is the first of equals, which all are without an objective.
    """
    objective = getattr(experiment, "OBJECTIVE", "")
    sign = -1 if direction(objective) == "min" else 1
    candidates = [*([best] if best else []), *(o for o in others if o.variant.is_candidate)]

    def score(each: Trained) -> float:
        return sign * each.history[-1][objective] if each.history and objective else 0.0

    return max(candidates, key=score, default=None)


def export(experiment: ModuleType, best: Trained, run) -> None:
    """Save a model, its export for TensorFlow Serving and examples of what it makes of rows."""
    if getattr(best.config, "precision", "float32") != "float32":
        exact = dataclasses.replace(best.config, precision="float32")
        rebuilt = experiment.build(exact, best.rows)
        best = dataclasses.replace(best, network=precision.in_float32(best.network, rebuilt))
    with run.stage("export"):
        served = experiment.serve(best)
        _keep(served, run.folder)
        given, place = (served.function, served.specs), run.folder / "serving"
        serving_export.export(served.model, *given, place / run.experiment / "1")
        rows = served.examples
        rows = rows.first(serving_examples.EXAMPLES) if hasattr(rows, "first") else rows
        serving_examples.Examples.of(*given, rows).save(place / "examples.npz")
        about = (inspect.getdoc(served.function) or "").partition("\n")[0]
        run.metrics |= {"exported": best.name, "serving": {"about": about} | served.card}
        counted = counts.parameter_counts(served.model)
        sizes = {"total": counted["parameters"], "trainable": counted["trainable"]}
        run.metrics["parameters"] = sizes


def _keep(served: Served, folder: Path) -> None:
    """Save the model or its adapter, which is then merged into it, and the tokenizer."""
    if served.tokenizer is not None:
        with files.whole(folder / "tokenizer") as partial:
            served.tokenizer.save_pretrained(partial)
    if served.adapter:
        peft.save_adapter(served.model, served.adapter, folder / "adapter", served.base)
        apply.merge(served.model)
    else:
        with files.whole(folder / "model.keras") as partial:
            served.model.save(partial)
