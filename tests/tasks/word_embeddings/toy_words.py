"""Word vectors that are laid out by hand, and questions to them."""

import numpy as np

from keras_suite.tasks.word_embeddings.questions import Analogy
from keras_suite.tasks.word_embeddings.word_vectors import keyed_vectors

# Axes: a person, female, royal, on the stage, an animal, many.
TOY = {
    "man": (1, 0, 0, 0, 0, 0),
    "woman": (1, 1, 0, 0, 0, 0),
    "king": (1, 0, 1, 0, 0, 0),
    "queen": (1, 1, 1, 0, 0, 0),
    "actor": (1, 0, 0, 1, 0, 0),
    "actress": (1, 1, 0, 1, 0, 0),
    "cow": (0, 1, 0, 0, 1, 0),
    "cows": (0, 1, 0, 0, 1, 1),
    "dog": (0, 0, 0, 0, 1, 0),
    "dogs": (0, 0, 0, 0, 1, 1),
    "men": (1, 0, 0, 0, 0, 1),
}
QUESTIONS = {
    "words": ["king", "cow"],
    "triples": [["king", "queen", "dog"], ["man", "cow", "king"]],
    "analogies": [Analogy("man", "woman", "king", "queen")],
    "relations": {
        "gender": [["man", "woman"], ["king", "queen"], ["actor", "actress"]],
        "plural": [["cow", "cows"], ["dog", "dogs"]],
    },
    "categories": {"people": ["man", "king", "queen"], "animals": ["cow", "dog"]},
    "failing": [Analogy("dog", "dogs", "actor")],
    "steps": {"plural": [["dog", "dogs"]], "gender": [["man", "woman"]]},
}


def toy_vectors(*words):
    """KeyedVectors of these words, all by default."""
    words = words or tuple(TOY)
    return keyed_vectors(words, np.array([TOY[word] for word in words], np.float32))


def random_vectors(words, dimension=6):
    """KeyedVectors of any words."""
    numbers = np.random.default_rng(0).normal(size=(len(words), dimension))
    return keyed_vectors(words, numbers.astype(np.float32))
