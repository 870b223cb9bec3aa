"""Tweets made from the templates in ``sample_tweets.json``, for machines without a network.

Each topic has true and false tweets that share most of their words, and what surrounds them
(openings, hashtags, addresses, emoji) is drawn alike, so that no single word tells the label. A
tenth deny a claim of the other class. Nothing in them is a report: numbers, places and addresses
are drawn.
"""

import html
import json
import string
from pathlib import Path

import numpy as np

WORDS = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
LETTERS = list(string.ascii_letters + string.digits)


def draw_tweets(rows: int, seed: int = 0) -> tuple[list[str], np.ndarray]:
    """Draw distinct tweets; the same seed gives the same ones.

    Returns:
        The texts, with HTML entities as Twitter writes them, and labels ``[rows]`` int64: 0 for
        real, 1 for fake, in turn.
    """
    rng = np.random.default_rng(seed)
    labels = np.arange(rows, dtype=np.int64) % 2
    texts: dict[str, None] = {}  # in the order drawn
    while len(texts) < rows:
        texts.setdefault(_tweet(labels[len(texts)], rng))
    return list(texts), labels


def _tweet(label: int, rng: np.random.Generator) -> str:
    def pick(kind: str) -> str:
        return WORDS[kind][rng.integers(len(WORDS[kind]))]

    denied = rng.random() < 0.1
    claim = pick("fake" if label != denied else "real").format(
        place=pick("places"),
        source=pick("sources"),
        remedy=pick("remedies"),
        culprit=pick("culprits"),
        few=rng.integers(2, 30),
        many=rng.integers(100, 100_000),
    )
    if denied:
        claim = pick("denials") + claim
    text = pick("openings") + claim + pick("endings") + pick("hashtags")
    addresses = ["".join(rng.choice(LETTERS, 10)) for _ in range(rng.integers(3))]
    return html.escape(text, quote=False) + "".join(f" https://t.co/{a}" for a in addresses)
