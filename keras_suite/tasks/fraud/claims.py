"""What reports A and B claim of card fraud."""

from keras_suite.metrics.claims import Claim, both

AS_IS = {"model": "1, as is", "protocol": "both"}
LEAKING, SOUND = ({"model": "2, ADASYN", "protocol": each} for each in ("paper", "clean"))


def raises_all_three(of):
    """Compare both models under the sound protocol, whose rows they share."""
    gains = (of(m, **SOUND).minus(of(m, **AS_IS)) for m in ("precision", "recall", "f1"))
    return both(*(gain.lies(at_least=0) for gain in gains))


def tends_to_the_majority(of):
    """Compare parts of the rows, and the two kinds of mistakes."""
    overfit = of("f1", split="train", **AS_IS).minus(of("f1", **AS_IS))
    caution = of("precision", **AS_IS).minus(of("recall", **AS_IS))
    return both(overfit.lies(at_most=0.05), caution.lies(at_least=0))


CLAIMS = [
    Claim(
        "C1",
        "A",
        "Accuracy says nothing about rare frauds: above 0.999 with a third of them missed.",
        lambda of: of("accuracy", **AS_IS).minus(of("recall", **AS_IS)).lies(at_least=0.1),
    ),
    Claim(
        "C2",
        "A",
        "ADASYN raises precision, recall and F1 considerably (F1 from 0.75 to 0.996).",
        raises_all_three,
    ),
    Claim(
        "C3",
        "A, B",
        "Resampling before the split flatters.",
        lambda of: of("f1", **LEAKING).minus(of("f1", **SOUND), paired=False).lies(at_least=0),
    ),
    Claim(
        "C4",
        "A",
        "On unbalanced rows the network does not overfit; it tends to the majority class.",
        tends_to_the_majority,
    ),
]
