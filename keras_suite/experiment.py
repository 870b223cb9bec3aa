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
    [needs(config)]                 what one training takes from elsewhere:
                                    [:class:`keras_suite.data.needs.Need`]
    [CLAIMS]                        what its source claims in words:
                                    [:class:`keras_suite.metrics.claims.Claim`]
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
    from keras_suite.runs import claims as run_claims
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
        """A name for files: letters of every script, and signs that no drive objects to."""
        return re.sub(r"[^\w.+#=@%&()-]+", "-", self.name.lower()) + f"-seed{self.config.seed}"


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

    @property
    def prefix_cache(self) -> "prefix_cache.PrefixCache":
        """Where :meth:`cache_prefix` keeps what it computes."""
        return prefix_cache.PrefixCache(dtype=self.config.cache_dtype)

    def cache_prefix(self, parts: tuple[str, ...], *progress: Callable) -> None:
        """Compute what is frozen in the network once; only these parts can be used then."""
        given = [self.rows.parts()[part] for part in parts]
        tail, stored = cached.cached(self.network, given, self.prefix_cache, *progress)
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
    cannot be had, or there is no space for what frozen layers make of them, and nothing is trained
    then.
    """
    side_by_side = getattr(experiment, "SIDE_BY_SIDE", False)
    if side_by_side:
        parallel.one_core_per_operation()
    with run.stage("prepare"):
        data = experiment.load(config)
        everything = prepare(experiment, config, data)
        weights = find_weights(experiment, [each.config for each in everything])
        _require_space(experiment, everything)
        turns = [everything] if side_by_side else [[each] for each in everything]
        for each in turns[0]:
            each.build(experiment)
    run.use(data.provenance, data.notice, weights)
    _say_what_is_cut(everything[0].rows, run)
    _say_what_leaks([each for each in everything if each.config.seed == config.seed], run)
    measured = []
    for number, turn in enumerate(turns):
        if number:
            _forget(turns[number - 1][0])
        train(experiment, turn, run, share=0.9 / len(turns))
        with run.stage("measure", 0.04 / len(turns)):
            measured += [row for each in turn for row in evaluated(experiment, each)]
    first_seed = [each for each in everything if each.config.seed == config.seed]
    best = choose(experiment, first_seed)
    if best.network is None:
        _forget(everything[-1])
        train(experiment, [best], run, share=0)  # which its kept state makes short
    export(experiment, best, run)
    results = run_results.compare(measured, experiment.REPORTED)
    outcome = Outcome(config, data, first_seed, results)
    with run.stage("draw", 0.06):
        for name, figure in getattr(experiment, "figures", lambda outcome: {})(outcome).items():
            run.save_figure(figure, name)
        for name, text in getattr(experiment, "files", lambda outcome: {})(outcome).items():
            files.write_text(run.folder / name, text)
    claims = getattr(experiment, "CLAIMS", ())
    judged = run_claims.judged(claims, results, dataclasses.asdict(config))
    run.finish(results, run_claims.unless_sample(judged, data.provenance.is_sample))
    for each in getattr(experiment, "says", lambda outcome: [])(outcome):
        run.say(each)


def prepare(experiment: ModuleType, config: ExperimentConfig, data: Any) -> list[Trained]:
    """Split the rows of each variant of each seed; nothing is built yet.

    Raises ValueError where the names of two variants make the same name for files.
    """
    seeds = range(config.seed, config.seed + config.repeats)
    configs = [dataclasses.replace(config, seed=seed, repeats=1) for seed in seeds]
    variants = [variant for each in configs for variant in experiment.variants(each)]
    names = [each.fit_name for each in variants]
    if alike := [each.name for each in variants if names.count(each.fit_name) > 1]:
        raise ValueError(f"variants need names that tell their files apart: {', '.join(alike)}")
    return [Trained(each, data, experiment.split(each.config, data)) for each in variants]


def find_weights(experiment: ModuleType, configs: list) -> list[dict[str, str]]:
    """Find the pretrained weights of all trainings, fetched where need be, and describe them."""
    weights = (need.weights for need in needs_of(experiment, configs))
    return [find().record for find in weights if find]


def needs_of(experiment: ModuleType, configs: list) -> list:
    """Return what trainings of some Configs take from elsewhere, each once."""
    needs = getattr(experiment, "needs", lambda config: [])
    return list({need.what: need for config in configs for need in needs(config)}.values())


def _require_space(experiment: ModuleType, everything: list[Trained]) -> None:
    """Ask for the disk space of all trainings' features; a single one's is, before it trains."""
    storing = [each for each in everything if getattr(each.config, "prefix_cache", False)]
    sizes: dict[Path, int] = {}
    for each in storing if len(storing) > 1 else ():
        each.build(experiment)
        parts = list(each.rows.parts().values())
        sizes |= cached.sizes(each.network, parts, each.prefix_cache)
        _forget(each)
    if sizes:
        storing[0].prefix_cache.require_space(sum(sizes.values()))


def _say_what_is_cut(rows, run) -> None:
    parts = rows.parts().values() if hasattr(rows, "parts") else ()
    encoded = [part.encoded for part in parts if hasattr(part, "encoded")]
    cut = sum(part.truncated for part in encoded)
    if cut:
        run.say(f"{cut:,} texts have more than {encoded[0].max_length} tokens and are cut.")


def _say_what_leaks(trained: list[Trained], run) -> None:
    said: dict[str, str] = {}
    for each in trained:
        for sentence in each.rows.leaks() if hasattr(each.rows, "leaks") else ():
            said.setdefault(sentence, each.name)
    for sentence, name in said.items():
        run.say(f"{name}: {sentence}")


def train(experiment: ModuleType, turn: list[Trained], run, share: float) -> None:
    """Fit variants side by side, or one that has all cores, going on where a kill stopped them."""
    alone = turn[0] if len(turn) == 1 else None
    if alone and alone.network is None:
        alone.build(experiment)
    costs = run.metrics.setdefault("costs", {})  # by fit, each as it was measured once
    for each in turn:
        if getattr(each.config, "prefix_cache", False):
            share = share / 2
            _cache_prefix(each, run, share, costs.setdefault(each.variant.fit_name, {}))
    schedule = getattr(experiment, "schedule", _schedule)
    fits = {
        each.variant.fit_name: each.fit(experiment, **schedule(each.config, each.rows))
        for each in turn
        if each.variant.trains
    }
    if not fits:
        return
    is_whole = not any((run.state_folder / f"{name}.npz").exists() for name in fits)
    peak = memory.watch_peak_memory()
    histories = run.fit(list(fits.values()), share, at_once=1 if alone else None)
    for each in turn:
        each.history = histories.get(each.variant.fit_name, [])
    # Later seeds begin with memory that is not given back, and a fit that is resumed has no peak.
    if is_whole and alone and alone.config.seed == run.metrics["seed"]:
        costs.setdefault(alone.variant.fit_name, {})["peak_memory_mb"] = peak() / 1e6
    for each in turn:
        if each.history:
            name = each.variant.fit_name
            each.costs = _costs(each, fits[name]) | costs.get(name, {})


def _cache_prefix(each: Trained, run, share: float, costs: dict[str, float]) -> None:
    """Compute a variant's features, and note the seconds if none of them was there before."""
    stage, computed = f"cache {each.variant.fit_name}", [0.0]
    is_first = stage not in run.metrics["seconds"]
    with run.stage(stage, share) as advance:

        def advance_by(part: float) -> None:
            computed[0] += part
            advance(part)

        say = lambda text: run.say(f"{each.name}: {text}")  # noqa: E731
        each.cache_prefix(tuple(each.rows.parts()), say, advance_by)
    if is_first and computed[0] > 0.999:
        costs["seconds_to_fill_cache"] = run.metrics["seconds"][stage]


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


def _forget(trained: Trained) -> None:
    trained.release()
    memory.forget_graphs()


def choose(experiment: ModuleType, trained: list[Trained]) -> Trained:
    """Return the candidate with the best last epoch by ``OBJECTIVE``.

    It is the first of equals, which all are without an objective.
    """
    objective = getattr(experiment, "OBJECTIVE", "")
    sign = -1 if direction(objective) == "min" else 1

    def score(each: Trained) -> float:
        return sign * each.history[-1][objective] if each.history and objective else 0.0

    return max((each for each in trained if each.variant.is_candidate), key=score)


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
