"""Word vectors trained on the spot, which stand in on machines without pretrained ones.

The corpus is what gensim ships of Lee's news texts (Lee, Pincombe and Welsh, "An empirical
evaluation of models of text document similarity", 2005): 62,000 words, far too few to mean much.
"""

from gensim import utils
from gensim.models import KeyedVectors, Word2Vec
from gensim.test.utils import datapath

RECIPE: dict = {"vector_size": 50, "window": 5, "min_count": 2, "sg": 1, "epochs": 20}
SOURCE = "word2vec vectors trained on the 350 news texts that gensim ships"


def train_vectors() -> KeyedVectors:
    """Train skip-gram vectors, float32 ``[words, 50]``, the same ones each time; takes seconds."""
    texts = []
    for name in "lee_background.cor", "lee.cor":
        with open(datapath(name), encoding="latin-1") as file:
            texts += [utils.simple_preprocess(line) for line in file]
    # More than one thread would train in an order of its own each time.
    return Word2Vec(texts, seed=42, workers=1, **RECIPE).wv
