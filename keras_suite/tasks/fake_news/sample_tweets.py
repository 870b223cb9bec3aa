"""Tweets made from templates, for machines without a network.

Each topic has true and false tweets that share most of their words, and what surrounds them
(openings, hashtags, addresses, emoji) is drawn alike, so that no single word tells the label. A
tenth deny a claim of the other class. Nothing in them is a report: numbers, places and addresses
are drawn.
"""

import html
import string

import numpy as np

REAL = [
    "{place} reports {many} new cases of COVID-19 and {few} deaths today, says {source}",
    "There is no evidence that {remedy} cures COVID-19 or keeps you safe from it, says {source}",
    "{source} advises: do not rely on {remedy}, wash your hands & keep {few} feet apart",
    "The vaccine trial in {place} has {many} volunteers; first results are due in {few} weeks",
    "Masks lower the risk for everyone in {place}, a study of {many} patients shows",
    "{place} completed {many} tests yesterday, {few} of them positive",
    "{place} will open its schools again in {few} weeks, {source} announced",
    "No, {culprit} did not bring the virus to {place}: {source} has traced the first {few} cases",
    "Of all patients in {place}, {many} are in hospitals & {few} need a ventilator",
    "The lockdown in {place} ends in {few} days if new cases stay below {many} for a week",
]
FAKE = [
    "{place} hides {many} new cases of COVID-19 and pays {few} doctors to lie, says {source}",
    "There is proof that {remedy} cures COVID-19 and keeps you safe from it, says {source}",
    "{source} advises: you can rely on {remedy}, take it for {few} days & no virus is left",
    "The vaccine trial in {place} put chips into {many} volunteers; {few} died in weeks",
    "Masks poison everyone in {place} who wears them for {few} hours, a study of {many} shows",
    "{place} tested {remedy}, and {few} of them were positive: all {many} tests are a fraud",
    "{place} will take children from their schools for {few} weeks, {source} announced",
    "Yes, {culprit} did bring the virus to {place}: {source} has known it for {few} years",
    "Hospitals in {place} have no patients, the {many} on ventilators are {few} paid actors",
    "The army will spray {place} in {few} days, and the lockdown never ends: {many} must stay in",
]
DENIALS = ["False: ", "It is not true that... ", "Do not believe this: ", "A lie: "]
PLACES = ["Lagos", "Delhi", "Auckland", "Ohio", "Madrid", "Kerala", "Texas", "Leeds", "Manila"]
SOURCES = ["the WHO", "@CDCgov", "the health ministry", "a professor", "Dr Smith", "@HealthNews"]
REMEDIES = ["hot water", "garlic", "vitamin D", "cow urine", "bleach", "ginger tea", "sunlight"]
CULPRITS = ["5G towers", "a laboratory", "a cruise ship", "imported fruit", "a football match"]
OPENINGS = ["", "", "", "BREAKING: ", "UPDATE: ", "RT @NewsDesk: ", "\U0001f6a8 ", "Just in: "]
ENDINGS = ["", "", ".", "!", "\n\nRead more:", " 👇", " 😷", " 🇮🇳"]
HASHTAGS = ["", "", " #COVID19", " #coronavirus", " #StaySafe", " #COVID19 #CoronaUpdate"]
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
    denied = rng.random() < 0.1
    claim = _pick(FAKE if label != denied else REAL, rng).format(
        place=_pick(PLACES, rng),
        source=_pick(SOURCES, rng),
        remedy=_pick(REMEDIES, rng),
        culprit=_pick(CULPRITS, rng),
        few=rng.integers(2, 30),
        many=rng.integers(100, 100_000),
    )
    if denied:
        claim = _pick(DENIALS, rng) + claim
    text = _pick(OPENINGS, rng) + claim + _pick(ENDINGS, rng) + _pick(HASHTAGS, rng)
    addresses = ["".join(rng.choice(LETTERS, 10)) for _ in range(rng.integers(3))]
    return html.escape(text, quote=False) + "".join(f" https://t.co/{a}" for a in addresses)


def _pick(things: list[str], rng: np.random.Generator) -> str:
    return things[rng.integers(len(things))]
