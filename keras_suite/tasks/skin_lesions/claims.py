"""What report D claims of skin lesions."""

from keras_suite.metrics.claims import Claim, both

PLAIN, REMEDIES = "plain", ("weights", "sampling", "augmentation", "combined")


def accuracy_misleads(of):
    """Hold accuracy against the recall of the rarest class, and the remedies against none."""
    rare = of("recall df", model=PLAIN, split="test", group="by class")
    balanced = [of("balanced_accuracy", model=each) for each in (PLAIN, *REMEDIES)]
    gains = (each.minus(balanced[0]) for each in balanced[1:])
    return both(
        of("accuracy", model=PLAIN).lies(at_least=0.65),
        rare.lies(at_most=0.2),
        *(gain.lies(at_least=0) for gain in gains),
    )


CLAIMS = [
    Claim(
        "C18",
        "D",
        "Accuracy of 0.7 hides classes with a recall near 0; remedies for rare classes help.",
        accuracy_misleads,
    ),
]
