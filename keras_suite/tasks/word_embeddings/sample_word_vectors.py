"""Word vectors trained on the spot, which stand in on machines without pretrained ones.

The corpus is what gensim ships of Lee's news texts (Lee, Pincombe and Welsh, "An empirical
evaluation of models of text document similarity", 2005): 350 texts, 62,000 words. That is far too
little for vectors that mean much.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

CORPUS = "lee_background.cor", "lee.cor"
RECIPE = {"vector_size": 50, "window": 5, "min_count": 2, "sg": 1, "epochs": 20}
SOURCE = "word2vec vectors trained on the 350 news texts that gensim ships"


def train_vectors() -> "KeyedVectors":
    """Train skip-gram vectors, float32 ``[words, 50]``, the same ones each time; takes seconds."""
    from gensim.models import Word2Vec
    from gensim.test.utils import datapath
    from gensim.utils import simple_preprocess

    texts = []
    for name in CORPUS:
        with open(datapath(name), encoding="latin-1") as file:
            texts += [simple_preprocess(line) for line in file]
    # More than one thread would train in an order of its own each time.
    return Word2Vec(texts, seed=42, workers=1, **RECIPE).wv
