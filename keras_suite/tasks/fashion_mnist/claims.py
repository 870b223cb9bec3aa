"""What report D claims of the tuned network."""

from keras_suite.metrics.claims import Claim


def fewer_are_better(of):
    """Compare accuracy on the test images, which nothing was chosen on."""
    tuned, baseline = (of("accuracy", model=each) for each in ("352, tuned", "512, baseline"))
    return tuned.minus(baseline).lies(at_least=0)


CLAIMS = [
    Claim("C19", "D", "352 hidden neurons are better than 512.", fewer_are_better),
]
